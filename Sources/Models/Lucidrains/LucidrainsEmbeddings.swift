import DiffusionCheckpoints
import DiffusionPlatform
import TensorCore

/// The embedding of timesteps: sines and cosines of fixed or learned frequencies, then two linear layers with GELU
/// between them.
struct LucidrainsTimeEmbedding: Sendable {
  /// The learned or random frequencies; nil if they are fixed.
  private let weights: Lazy<[Float]>?
  private let theta: Double
  private let first: Linear
  private let second: Linear

  init(_ weights: Weights, _ shape: LucidrainsShape, theta: Double) throws(CheckpointError) {
    let weights = weights.scope("time_mlp")
    if let count = shape.frequencies {
      let learned = try weights.parameter("0.weights", [count], .normal(standardDeviation: 1))
      self.weights = Lazy(of: learned) { learned.tensor().values }
      first = try Linear(weights.scope("1"), 2 * count + 1, 4 * shape.dim)
    } else {
      self.weights = nil
      first = try Linear(weights.scope("1"), shape.dim, 4 * shape.dim)
    }
    second = try Linear(weights.scope("3"), 4 * shape.dim, 4 * shape.dim)
    self.theta = theta
  }

  /// `[N]` → `[N, 4·dim]`.
  func callAsFunction(_ timesteps: [Float]) -> Tensor { second(first(sinusoids(timesteps)).gelu()) }

  /// t, sin 2πtw, cos 2πtw for learned frequencies w; sin tω, cos tω with ωᵢ = θ^(-i / (half - 1)) otherwise.
  private func sinusoids(_ timesteps: [Float]) -> Tensor {
    let angles: [[Float]]
    if let weights = weights?.value {
      angles = timesteps.map { t in weights.map { t * $0 * 2 * Float.pi } }
    } else {
      let half = first.inFeatures / 2
      // Rounded to float32 where the original rounds.
      let step = -Float(log(theta) / Double(half - 1))
      let frequencies = (0..<half).map { Float(exp(Double(Float($0) * step))) }
      angles = timesteps.map { t in frequencies.map { t * $0 } }
    }
    let rows = zip(timesteps, angles).flatMap { t, angles in
      (weights == nil ? [] : [t]) + angles.map { Float(sin(Double($0))) } + angles.map { Float(cos(Double($0))) }
    }
    // An odd width of fixed frequencies is none that the original's layers accept.
    return Tensor([timesteps.count, rows.count / max(timesteps.count, 1)], rows)
  }

  var flops: Flops {
    var flops = first.flops(pixels: 1)
    flops += second.flops(pixels: 1)
    return flops
  }
}

/// The embedding of classes, of which one more than there are stands for none.
struct LucidrainsClassEmbedding: Sendable {
  private let table: Lazy<Tensor>
  private let first: Linear
  private let second: Linear
  /// The row of no class.
  let none: Int

  init(_ weights: Weights, classes: Int, dim: Int) throws(CheckpointError) {
    let known = try weights.parameter("classes_emb.weight", [classes, dim], .normal(standardDeviation: 1))
    let null = try weights.parameter("null_classes_emb", [dim], .normal(standardDeviation: 1))
    table = Lazy(of: known, null) { Tensor.stacked([known.tensor(), null.tensor().reshaped([1, dim])]) }
    first = try Linear(weights.scope("classes_mlp.0"), dim, 4 * dim)
    second = try Linear(weights.scope("classes_mlp.2"), 4 * dim, 4 * dim)
    none = classes
  }

  /// The classes of `labels`, none for nil: `[N, 4·dim]`.
  func callAsFunction(_ labels: [Int?]) -> Tensor {
    second(first(table.value.gatheringRows(labels.map { $0 ?? none })).gelu())
  }

  var flops: Flops {
    var flops = first.flops(pixels: 1)
    flops += second.flops(pixels: 1)
    return flops
  }
}

extension Tensor {
  /// x · Φ(x) with the normal distribution's Φ (Hendrycks & Gimpel 2016); for a few numbers, as it is no kernel.
  func gelu() -> Tensor { map { Float(0.5 * Double($0) * (1 + erf(Double($0) / 2.0.squareRoot()))) } }

  /// Rows side by side: `[N, A]`, `[N, B]` → `[N, A + B]`.
  func joiningColumns(_ other: Tensor) -> Tensor { joiningChannels(other) }
}
