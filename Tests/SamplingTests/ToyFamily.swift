import DiffusionCheckpoints
import DiffusionModels
import Foundation
import TensorCore

/// A code base of two layers, which exists in these tests alone: what a new family needs is in this file.
struct ToyFamily: ModelFamily {
  static let name = "toy"

  let checkpoint: FamilyCheckpoint
  private let channels: Int
  private let width: Int

  static func recognize(_ contents: CheckpointContents, _ stated: StatedSettings) throws(ModelError) -> ToyFamily? {
    guard let shape = contents.state.shape(of: "toy.first"), shape.count == 2 else { return nil }
    return ToyFamily(
      checkpoint: FamilyCheckpoint(contents), channels: shape[1] - 1,
      width: shape[0])
  }

  func specification(_ stated: StatedSettings) throws(ModelError) -> ModelSpecification {
    var description = ModelDescription(stated)
    description.noiseSchedule = "cosine"
    description.predictXstart = true
    description.diffusionSteps = stated.diffusionSteps ?? 200
    return ModelSpecification(
      family: Self.name, kind: "TwoLayers", imageSize: stated.imageSize ?? 4, imageChannels: channels,
      process: try ProcessSpecification(description, name: checkpoint.name))
  }

  func network(
    _ specification: ModelSpecification, _ weights: Weights, _ options: NetworkOptions
  ) throws(CheckpointError) -> any DenoisingNetwork {
    TwoLayers(
      channels: channels, width: width,
      first: try weights.parameter("toy.first", [width, channels + 1], .zeros).tensor(),
      second: try weights.parameter("toy.second", [channels, width], .zeros).tensor())
  }

  /// A file as that code base would save it.
  static func write(to path: String, channels: Int = 3, width: Int = 5) throws {
    func layer(_ rows: Int, _ columns: Int) -> Tensor {
      Tensor([rows, columns], (0..<rows * columns).map { sin(Float($0) * 1.7) / Float(columns) })
    }
    var bytes = Data()
    try writeSafetensors(
      [("toy.first", layer(width, channels + 1)), ("toy.second", layer(channels, width))], metadata: [:]
    ) { bytes.append(contentsOf: $0) }
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}

/// Each pixel's channels and the timestep through two layers with a ReLU between them.
private struct TwoLayers: DenoisingNetwork {
  let channels: Int
  let width: Int
  let first: Tensor
  let second: Tensor

  func callAsFunction(_ x: Tensor, _ inputs: NetworkInputs) -> Tensor {
    let (batch, pixels) = (x.shape[0], x.count / (x.shape[0] * channels))
    return Tensor(x.shape) { out in
      for n in 0..<batch {
        for p in 0..<pixels {
          var input = (0..<channels).map { x[(n * channels + $0) * pixels + p] }
          input.append(inputs.conditioning[n] / 1000)
          let hidden = (0..<width).map { row in
            max(0, input.indices.reduce(Float(0)) { $0 + first[row * input.count + $1] * input[$1] })
          }
          for c in 0..<channels {
            out[(n * channels + c) * pixels + p] = hidden.indices.reduce(Float(0)) {
              $0 + second[c * width + $1] * hidden[$1]
            }
          }
        }
      }
    }
  }

  func countFlops(batch: Int, size: [Int]) -> Flops {
    Flops(total: batch * size.reduce(1, *) * width * (2 * channels + 1))
  }

  func activationBytes(size: [Int]) -> Int { size.reduce(1, *) * 4 * (channels + width) }
}
