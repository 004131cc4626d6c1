import DiffusionPlatform
import TensorCore

/// Samples a consistency model (Song et al. 2023, algorithm 1): the network maps noise to the image at once; each
/// further step adds noise up to a lower level and maps again.
public struct Consistency: Sampler {
  private let isMultistep: Bool

  /// - Parameter isMultistep: whether there may be further steps, each of which draws noise.
  public init(isMultistep: Bool = true) { self.isMultistep = isMultistep }

  /// Maps to the image, then adds noise up to the next level.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let predXStart = context.xStart(x, step: i)
    guard i > 0, let process = context.process as? ContinuousProcess else { return (predXStart, predXStart) }
    let (sigma, least) = (process.sigmas[i - 1], process.diffusion.sigmaMin)
    let added = max(0, sigma * sigma - least * least).squareRoot()
    return (sum((1, predXStart), (added, noise())), predXStart)
  }

  /// One for each step but an only one.
  public var drawsPerStep: Int { isMultistep ? 1 : 0 }
}

extension Consistency {
  /// The entry for one step in the table of samplers.
  public static let onestepInfo = SamplerInfo(
    name: "onestep", title: "consistency onestep",
    summary: "consistency models: the image in one pass (Song et al. 2023)",
    defaultSteps: 1, defaultSpacing: nil, spacingStyle: .continuous, mostSteps: 1,
    isDefined: { $0.isOfConsistencyModel }
  ) { _ in Consistency(isMultistep: false) }

  /// The entry for several.
  public static let multistepInfo = SamplerInfo(
    name: "multistep", title: "consistency multistep",
    summary: "consistency models: new noise and another pass for each further step", defaultSteps: 2,
    defaultSpacing: nil, spacingStyle: .continuous,
    isDefined: { $0.isOfConsistencyModel }
  ) { _ in Consistency() }
}
