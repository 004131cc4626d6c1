import DiffusionPlatform

/// The noise levels that a sampler visits, least noisy first.
public struct NoiseLevels: Sendable, Equatable {
  /// The timestep of each level, in 0 … T - 1. It may be fractional, and two levels may round to the same one.
  public let timesteps: [Double]
  /// ᾱ of each level, decreasing.
  public let alphasCumprod: [Double]
  /// ᾱ of the level that each level's step leads to; nil if that is the one below, and for the last step 1.
  public internal(set) var alphasCumprodPrev: [Double]?
  /// How DDIM takes the variance of its steps.
  public internal(set) var variance = VarianceOfSteps()

  /// Chooses `steps` levels of the process with `betas`.
  ///
  /// A single step starts from pure noise, so it is the last timestep for any spacing. T steps are all timesteps,
  /// except with Karras spacing.
  ///
  /// - Throws: `SpacingError` if `steps` is not in 1 … T.
  public init(
    betas: [Double], steps: Int, spacing: TimestepSpacing, style: SpacingStyle, options: LevelOptions = LevelOptions()
  ) throws(SpacingError) {
    guard steps >= 1 else { throw .malformed("\(steps)") }
    guard steps <= betas.count else { throw .tooMany(steps: steps, available: betas.count, section: nil) }
    let process = Process(betas: betas, takesPureNoise: style == .integerTimesteps || style == .fixedStride)
    let last = Double(betas.count - 1)
    let timesteps: [Double]
    switch (spacing, style) {
    case _ where steps == 1: timesteps = [last]
    // Every timestep.
    case (.leading, _) where steps == betas.count, (.trailing, _) where steps == betas.count,
      (.linspace, _) where steps == betas.count:
      timesteps = betas.indices.map(Double.init)
    case (.leading, .multistep):
      let stride = betas.count / (steps + 1)
      timesteps = (1...steps).map { Double($0 * stride + options.stepsOffset) }
    case (.leading, _):
      let stride = betas.count / steps
      timesteps = (0..<steps).map { Double($0 * stride + options.stepsOffset) }
    case (.trailing, _):
      let stride = Double(betas.count) / Double(steps)
      timesteps = (0..<steps).reversed().map {
        (Double(betas.count) - Double($0) * stride).rounded(.toNearestOrEven) - 1
      }
    case (.linspace, .multistep):
      timesteps = (1...steps).map { (last / Double(steps) * Double($0)).rounded(.toNearestOrEven) }
    case (.linspace, .integerTimesteps), (.linspace, .fixedStride):
      timesteps = (0..<steps).map { (last / Double(steps - 1) * Double($0)).rounded(.toNearestOrEven) }
    case (.linspace, .continuous):
      // Rounding may put the last one a little above.
      timesteps = (0..<steps).map { min(last, last / Double(steps - 1) * Double($0)) }
    case (.karras, _):
      self = process.karras(steps: steps, isRounded: style != .continuous)
      return
    }
    if let highest = timesteps.last, highest > last {
      throw .offset(options.stepsOffset, steps: steps, last: betas.count - 1)
    }
    self.timesteps = timesteps
    alphasCumprod = timesteps.map(process.alphaBar)
    guard style == .fixedStride, options.hasFixedStride else {
      alphasCumprodPrev = nil
      return
    }
    let stride = Double(betas.count / steps)
    alphasCumprodPrev = timesteps.map { timestep in
      if timestep >= stride { return process.alphaBar(timestep - stride) }
      return options.endsAtTimestepZero ? process.alphaBar(0) : 1
    }
  }

  init(timesteps: [Double], alphasCumprod: [Double]) {
    (self.timesteps, self.alphasCumprod, alphasCumprodPrev) = (timesteps, alphasCumprod, nil)
  }
}

/// The noise of a process, interpolated between its timesteps.
private struct Process {
  /// √((1 - ᾱ) / ᾱ), increasing.
  private let sigmas: [Double]
  private let alphasCumprod: [Double]

  /// - Parameter takesPureNoise: whether ᾱ may be 0 at the last timestep; solvers divide by its root, and take 2⁻²⁴
  ///   for it, as in diffusers.
  init(betas: [Double], takesPureNoise: Bool) {
    let alphasCumprod = cumulativeProducts(betas)
    self.alphasCumprod = takesPureNoise ? alphasCumprod : alphasCumprod.map { $0 == 0 ? 0x1p-24 : $0 }
    sigmas = self.alphasCumprod.map { ((1 - $0) / $0).squareRoot() }
  }

  /// ᾱ at a timestep, interpolated linearly in σ.
  func alphaBar(_ timestep: Double) -> Double {
    let below = Int(timestep)
    let fraction = timestep - Double(below)
    guard fraction > 0 else { return alphasCumprod[below] }
    let sigma = sigmas[below] + fraction * (sigmas[below + 1] - sigmas[below])
    return 1 / (1 + sigma * sigma)
  }

  func timestep(_ sigma: Double) -> Double { interpolatedTimestep(sigma, in: sigmas) }

  func karras(steps: Int, isRounded: Bool) -> NoiseLevels {
    let rho = 7.0
    let (low, high) = (pow(sigmas[0], 1 / rho), pow(sigmas[sigmas.count - 1], 1 / rho))
    let levels = (0..<steps).map { pow(low + Double($0) / Double(steps - 1) * (high - low), rho) }
    return NoiseLevels(
      timesteps: levels.map { isRounded ? timestep($0).rounded(.toNearestOrEven) : timestep($0) },
      alphasCumprod: levels.map { 1 / (1 + $0 * $0) })
  }
}
