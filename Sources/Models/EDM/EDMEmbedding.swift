import DiffusionCheckpoints
import DiffusionPlatform
import TensorCore

/// The embedding of noise levels and classes that all blocks of a network of NVlabs/edm take (`map_…`).
struct EDMEmbedding: Sendable {
  private let kind: EDMShape.Kind
  private let channels: Int
  /// The frequencies of random Fourier features, `[channels / 2]`, times 2π; nil for sinusoids.
  private let frequencies: Lazy<Tensor>?
  /// What each class adds, `[classes, …]`, and what all images add.
  private let classes: Lazy<(rows: Tensor, bias: Tensor)>?
  private let labelWeights: Int
  private let layer0: Linear
  private let layer1: Linear

  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(_ weights: Weights, _ shape: EDMShape) throws(CheckpointError) {
    kind = shape.kind
    channels = shape.noiseChannels
    if shape.hasFourierFeatures {
      let stored = try weights.parameter("map_noise.freqs", [channels / 2], .normal(standardDeviation: 16))
      frequencies = Lazy(of: stored) { stored.tensor().map { Float(2 * Double.pi) * $0 } }
    } else {
      frequencies = nil
    }
    layer0 = try Linear(weights.scope("map_layer0"), channels, shape.embeddingChannels, hasBias: true)
    layer1 = try Linear(
      weights.scope("map_layer1"), shape.embeddingChannels, shape.embeddingChannels, hasBias: true)
    guard let count = shape.classCount else {
      (classes, labelWeights) = (nil, 0)
      return
    }
    let width = kind == .song ? channels : shape.embeddingChannels
    labelWeights = width * count
    let weight = try weights.parameter("map_label.weight", [width, count], .zeros)
    let bias = kind == .song ? try weights.parameter("map_label.bias", [width], .zeros) : nil
    // SongUNet takes labels of length √classes.
    let factor = kind == .song ? Float(Double(count).squareRoot()) : 1
    classes = Lazy(of: weight) {
      let rows = weight.tensor().reshaped([1, width, count]).channelsLast().reshaped([count, width])
      return (rows.scaledUnless1(by: factor), bias?.tensor() ?? Tensor(zeros: [width]))
    }
  }

  /// - Parameters:
  ///   - levels: what the network is told of the noise of each image, `[N]`.
  ///   - labels: each image's class, nil for none of them; nil for an unconditional network.
  /// - Returns: `[N, embeddingChannels]`.
  func callAsFunction(_ levels: [Float], labels: [Int?]?) -> Tensor {
    precondition(
      (labels == nil) == (classes == nil) && labels?.count ?? levels.count == levels.count,
      "\(labels?.count ?? 0) labels for \(levels.count) images of a network with\(classes == nil ? "out" : "") classes")
    var embedding = waves(levels)
    switch kind {
    case .song:
      if let labels { embedding = embedding + offsets(labels) }
      return layer1(layer0(embedding).silu()).silu()
    case .dhariwal:
      embedding = layer1(layer0(embedding).silu())
      if let labels { embedding = embedding + offsets(labels) }
      return embedding.silu()
    }
  }

  /// What labels add.
  private func offsets(_ labels: [Int?]) -> Tensor {
    guard let (rows, bias) = classes?.value else { preconditionFailure("a network without classes") }
    let width = bias.count
    var values: [Float] = []
    values.reserveCapacity(labels.count * width)
    for label in labels {
      guard let label else {
        values += bias.values
        continue
      }
      precondition(label >= 0 && label < rows.shape[0], "there is no class \(label)")
      for c in 0..<width { values.append(rows[label * width + c] + bias[c]) }
    }
    return Tensor([labels.count, width], values)
  }

  /// Sines, then cosines of the levels times each frequency; DhariwalUNet has the cosines first. Rounded to float32 at
  /// the same points as the original: the last bit of a frequency, times a level of 999, shows in the result.
  private func waves(_ levels: [Float]) -> Tensor {
    let half = channels / 2
    let frequencies =
      frequencies?.value.values
      ?? (0..<half).map { i in
        let exponent = Float(i) / Float(kind == .song ? half - 1 : half)
        return Float(pow(Double(Float(1e-4)), Double(exponent)))
      }
    let (sines, cosines) = kind == .song ? (0, half) : (half, 0)
    var values = [Float](repeating: 0, count: levels.count * channels)
    for (n, level) in levels.enumerated() {
      for (i, frequency) in frequencies.enumerated() {
        let angle = Double(level * frequency)
        values[n * channels + sines + i] = Float(sin(angle))
        values[n * channels + cosines + i] = Float(cos(angle))
      }
    }
    return Tensor([levels.count, channels], values)
  }

  /// The multiply-adds for one image.
  func countFlops() -> Flops {
    var flops = layer0.flops(pixels: 1)
    flops += layer1.flops(pixels: 1)
    flops += Flops(total: labelWeights)
    return flops
  }
}
