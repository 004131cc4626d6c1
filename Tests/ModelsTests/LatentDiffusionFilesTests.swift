import DiffusionCheckpoints
import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionModels

/// Files of CompVis/latent-diffusion whose network draws pixels: its process is read off the tables beside it, and its
/// average is found, whose names have no dots.
struct LatentDiffusionFilesTests {
  @Test func processAndAverageAreRead() throws {
    let weights = try Fixture("unet/improved-additive.weights")
    // `linear` there is linear in the roots of β.
    let betas = betas(from: 0.0015, to: 0.0195, steps: 1000, inSquareRoots: true).map { Float($0) }
    var tensors: [(name: String, tensor: Tensor)] = [("betas", Tensor([1000], betas))]
    for name in weights.names {
      let tensor = weights.tensor(name)
      let plain = name.filter { $0 != "." }
      tensors.append(("model.diffusion_model.\(name)", tensor.map { _ in 0 }))
      tensors.append(("model_ema.diffusion_model\(plain)", tensor))
    }
    var bytes: [UInt8] = []
    try writeSafetensors(tensors, metadata: [:]) { bytes += $0 }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: path) }
    try Data(bytes).write(to: path)

    let source = try ModelSource(path: path.path)
    let description = source.specification.description
    #expect(description.noiseSchedule == "scaled_linear" && description.diffusionSteps == 1000)
    #expect(description.betaStart == 0.0015 && description.betaEnd == 0.0195)
    #expect(source.checkpoint.state.origin.isRunningAverage)
    let name = try #require(weights.names.first { $0.hasSuffix("in_layers.2.weight") })
    let expected = weights.tensor(name)
    #expect(try source.checkpoint.state.tensor(name, shape: expected.shape).values == expected.values)
  }
}
