import DiffusionPlatform
import TensorCore

/// A process whose noise levels form a continuum and are known to the network as such, not as timesteps: EDM's,
/// consistency models' and flows'. `ContinuousProcess` is such a process at the levels that a sampler visits.
public struct ContinuousDiffusion: Sendable, Equatable {
  /// The relation of noise level, network and image.
  public enum Form: String, Sendable, CaseIterable, Codable {
    /// x = x₀ + σ·ε, preconditioned as by Karras et al. 2022, "Elucidating the Design Space", §5.
    case edm
    /// The same levels, for a network trained on the variance preserving process (ibid., table 1, "VP").
    case edmVP = "edm-vp"
    /// The same levels, for a network trained on the variance exploding process (ibid., table 1, "VE").
    case edmVE = "edm-ve"
    /// The levels of the cosine schedule, for a network of improved-diffusion (ibid., table 1, "iDDPM").
    case edmIDDPM = "edm-iddpm"
    /// (x + 1) / 2 = (x₀ + 1) / 2 + σ·ε, images in 0 to 1, of which the network predicts the score, ∇ log p (Song et
    /// al. 2021, "Score-Based Generative Modeling through SDEs", the variance exploding SDE).
    case ve
    /// The same levels; the network maps any of them to the image at once (Song et al. 2023, "Consistency Models").
    case consistency
    /// The same, for a network trained in timesteps, whose levels and prediction it keeps (`TimestepLevels`): what
    /// `train --distill` makes of one.
    case discreteConsistency = "discrete-consistency"
    /// x = t·x₀ + (1 - t)·ε, of which the network predicts x₀ - ε (Lipman et al. 2023, "Flow Matching"; torchcfm).
    case flow
    /// x = (1 - σ)·x₀ + σ·ε, of which the network predicts ε - x₀ (Liu et al. 2023, "Flow Straight and Fast";
    /// diffusers).
    case rectifiedFlow = "rectified-flow"

    /// Whether levels go from 1, pure noise, to 0, and not over σ of Karras et al.
    public var isFlow: Bool { self == .flow || self == .rectifiedFlow }

    /// Whether x̂₀ is clipped to the pixels' range, as in the code that defines the process; consistency_models clips
    /// EDM's.
    public var clips: Bool { self == .edm || isConsistency }

    /// Whether the network maps any level to the image at once.
    public var isConsistency: Bool { self == .consistency || self == .discreteConsistency }

    /// Whether x = x₀ + σ·ε at every level, and a probability flow leads from one to the next.
    public var isAdditive: Bool { !isFlow && !isConsistency }
  }

  /// The least σ that float32 can tell from no noise in an image.
  public static let leastSigma = 1e-6

  /// The relation of noise level, network and image.
  public var form: Form
  /// The number of levels T that the model was trained on, or by which its timesteps are scaled.
  public var steps: Int
  /// The least σ of EDM and consistency models.
  public var sigmaMin = 0.002
  /// The largest.
  public var sigmaMax = 80.0
  /// The standard deviation of the images.
  public var sigmaData = 0.5
  /// The exponent that spaces their levels.
  public var rho = 7.0
  /// The factor c of what their network is told, c·ln σ: ¼ in EDM's code, 250 in consistency_models.
  public var logScale = 250.0
  /// The factor that shifts a rectified flow's levels towards noise (Esser et al. 2024, "Scaling Rectified Flow
  /// Transformers", §5.3.2).
  public var shift = 1.0
  /// Whether sampling starts from √(σmax² + 1)·ε, as diffusers' EDM schedulers do, rather than from σmax·ε.
  public var startsWithUnitImage = false
  /// Whether the network puts out a variance too, which sampling ignores.
  public var learnsVariance = false
  /// The corrector's steps, of `.ve`.
  public var langevin = Langevin()
  /// What the network knows of levels, of `.discreteConsistency`.
  public private(set) var timesteps: TimestepLevels?

  /// A process with the constants of openai/consistency_models.
  public init(_ form: Form, steps: Int? = nil) {
    self.form = form
    self.steps = steps ?? (form == .consistency ? 40 : form == .ve ? 2000 : 1000)
    switch form {
    case .edmVE: sigmaMin = 0.02
    case .edmIDDPM: sigmaMin = IDDPMLevels.least
    case .ve: (sigmaMin, sigmaMax) = (0.01, 1348)
    case .edm, .edmVP, .consistency, .discreteConsistency, .flow, .rectifiedFlow: break
    }
  }

  /// The process of a consistency model whose network was trained in `steps` timesteps. Its levels end at σ = 80 if the
  /// timesteps lead further, where nothing more can be told from noise.
  public init(timesteps: TimestepLevels, steps: Int) {
    self.init(.discreteConsistency, steps: steps)
    self.timesteps = timesteps
    (sigmaMin, sigmaMax) = (max(sigmaMin, timesteps.range.lowerBound), min(sigmaMax, timesteps.range.upperBound))
  }

  /// What the network knows of levels.
  private var known: TimestepLevels {
    guard let timesteps else { preconditionFailure("a discrete consistency model is made with its timesteps") }
    return timesteps
  }

  /// The noise level `sigma`, above 0 and at most `sigmaMax` (1 for flows).
  public func level(_ sigma: Double) -> NoiseLevel {
    switch form {
    case .edm, .consistency:
      NoiseLevel(
        alpha: 1, sigma: sigma, conditioning: Float(logScale * log(sigma + 1e-44)),
        inputScale: Float(1 / (sigma * sigma + sigmaData * sigmaData).squareRoot()))
    case .edmVP:
      NoiseLevel(
        alpha: 1, sigma: sigma, conditioning: 999 * vpTime(sigma),
        inputScale: Float(1 / (sigma * sigma + 1).squareRoot()))
    case .discreteConsistency:
      NoiseLevel(
        alpha: 1, sigma: sigma, conditioning: known.conditioning(sigma),
        inputScale: Float(1 / (sigma * sigma + 1).squareRoot()))
    case .edmVE: NoiseLevel(alpha: 1, sigma: sigma, conditioning: Float(log(sigma / 2)))
    case .edmIDDPM:
      NoiseLevel(
        alpha: 1, sigma: sigma, conditioning: Float(IDDPMLevels.timestep(sigma)),
        inputScale: Float(1 / (sigma * sigma + 1).squareRoot()))
    case .ve:
      NoiseLevel(alpha: 1, sigma: 2 * sigma, conditioning: Float(sigma), inputScale: 0.5, inputOffset: 0.5)
    case .flow: NoiseLevel(alpha: 1 - sigma, sigma: sigma, conditioning: Float(1 - sigma))
    case .rectifiedFlow: NoiseLevel(alpha: 1 - sigma, sigma: sigma, conditioning: Float(Double(steps) * sigma))
    }
  }

  /// How x̂₀ follows from the network's output.
  public var parameterization: any AffineParameterization {
    switch form {
    case .edm: EDMParameterization(sigmaData: sigmaData)
    case .consistency: ConsistencyParameterization(sigmaData: sigmaData, sigmaMin: sigmaMin)
    case .discreteConsistency: TimestepParameterization(known.meanType)
    case .edmVE, .flow: StraightParameterization(sign: 1)
    case .edmVP, .edmIDDPM, .rectifiedFlow: StraightParameterization(sign: -1)
    case .ve: ScoreParameterization()
    }
  }

  /// What the network should put out for x = α·image + σ·noise at `level`, if it were perfect: the inverse of
  /// `parameterization`. All shapes are `[N, C, …]`.
  public func target(_ image: Tensor, _ noise: Tensor, at level: NoiseLevel) -> Tensor {
    let (ofX, ofOutput) = parameterization.coefficients(at: level)
    return sum(((1 - ofX * level.alpha) / ofOutput, image), (-ofX * level.sigma / ofOutput, noise))
  }

  /// The factor of standard normal noise from which sampling starts at the level `sigma`, and what is added to it.
  public func startingNoise(_ sigma: Double) -> (scale: Float, offset: Float) {
    // Images in 0 to 1 start around 0.
    if form == .ve { return (Float(2 * sigma), -1) }
    return (Float(startsWithUnitImage ? (sigma * sigma + 1).squareRoot() : sigma), 0)
  }

  /// The levels of `count` steps, highest first.
  ///
  /// - Throws: `SpacingError` if there are not as many.
  public func sigmas(steps count: Int) throws(SpacingError) -> [Double] {
    guard count >= 1 else { throw .malformed("\(count)") }
    switch form {
    case .consistency:
      // diffusers' CMStochasticIterativeScheduler.
      guard count <= steps else { throw .tooMany(steps: count, available: steps, section: nil) }
      return (0..<count).map { sigma(scale: $0 * (steps / count)) }
    case .discreteConsistency: return (0..<count).map { karras(Double($0) / Double(count)) }
    case .edm, .edmVP, .edmVE, .edmIDDPM:
      let levels = (0..<count).map { nearest(karras(count > 1 ? Double($0) / Double(count - 1) : 0)) }
      // Of many steps some have the same timestep of iDDPM, and lead nowhere.
      return levels.indices.filter { $0 == 0 || levels[$0] < levels[$0 - 1] }.map { levels[$0] }
    case .ve: return (0..<count).map { veSigma($0, of: count) }
    case .flow: return (0..<count).map { 1 - Double($0) / Double(count) }
    case .rectifiedFlow:
      // diffusers shifts the ends, and what lies between them once more.
      func shifted(_ sigma: Double) -> Double { shift * sigma / (1 + (shift - 1) * sigma) }
      let (high, low) = (shifted(1), shifted(1 / Double(steps)))
      return (0..<count).map { i in
        shifted(high + (count > 1 ? Double(i) / Double(count - 1) : 0) * (low - high))
      }
    }
  }

  /// The level that a network of this process knows which is nearest to `sigma`: of iDDPM's one of its timesteps.
  public func nearest(_ sigma: Double) -> Double {
    form == .edmIDDPM ? IDDPMLevels.sigma(timestep: IDDPMLevels.timestep(sigma)) : sigma
  }

  /// The level of scale `k`, in `0 ..< steps`, of a consistency model: 0 is σmax and `steps` - 1 is σmin.
  public func sigma(scale k: Int) -> Double { karras(steps > 1 ? Double(k) / Double(steps - 1) : 0) }

  /// Karras et al. 2022, eq. 5: σmax at 0, σmin at 1.
  private func karras(_ ramp: Double) -> Double {
    let (high, low) = (pow(sigmaMax, 1 / rho), pow(sigmaMin, 1 / rho))
    return pow(high + ramp * (low - high), rho)
  }
}

/// A continuous process at the levels that a sampler visits.
public struct ContinuousProcess: NoiseProcess {
  /// The process.
  public let diffusion: ContinuousDiffusion
  /// σ of each step, lowest first.
  public let sigmas: [Double]

  /// The process at the levels `sigmas`, highest first, each in range and below the one before.
  public init(_ diffusion: ContinuousDiffusion, sigmas: [Double]) {
    precondition(!sigmas.isEmpty, "a process without levels")
    self.diffusion = diffusion
    self.sigmas = sigmas.reversed()
  }

  /// The number of levels.
  public var count: Int { sigmas.count }

  /// The level of step `i`; of flows, the network can be evaluated at the noiseless level too.
  public func level(_ i: Int) -> NoiseLevel {
    if i >= 0 { return diffusion.level(sigmas[i]) }
    return diffusion.form.isFlow ? diffusion.level(0) : .noiseless
  }

  /// σ of step `i`.
  public func timestep(_ i: Int) -> Double { sigmas[i] }

  /// How x̂₀ follows from the network's output.
  public var parameterization: any Parameterization { diffusion.parameterization }

  /// Whether the network puts out a variance too: iDDPM's may.
  public var learnsVariance: Bool { diffusion.learnsVariance }
}
