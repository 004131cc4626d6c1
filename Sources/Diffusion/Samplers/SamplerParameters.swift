/// A parameter that only some samplers take.
public enum SamplerParameter: String, Sendable, Hashable, CaseIterable, Codable {
  /// η of DDIM: the fraction of DDPM's noise that is drawn anew at each step.
  case eta
  /// Churn of EDM's samplers: noise that is added before each step.
  case churn
}

/// The parameters passed to `SamplerInfo.make`. A sampler ignores those that its `SamplerInfo.parameters` does not
/// list.
public struct SamplerParameters: Sendable, Hashable, Codable {
  /// η, at least 0; nil for the sampler's default.
  public var eta: Double?
  /// Whether ε is the network's own, as in diffusers, or recomputed from the clipped x̂₀, as in the original.
  public var keepsEpsilon: Bool
  /// The noise that is added before each step; nil for none.
  public var churn: Churn?
  /// The Langevin steps of a predictor-corrector sampler.
  public var langevin: Langevin

  /// - Parameters:
  ///   - eta: η, at least 0; nil for the sampler's default.
  ///   - keepsEpsilon: whether ε is the network's own, as in diffusers.
  ///   - churn: the noise that is added before each step; nil for none.
  ///   - langevin: the Langevin steps of a predictor-corrector sampler.
  public init(
    eta: Double? = nil, keepsEpsilon: Bool = false, churn: Churn? = nil, langevin: Langevin = Langevin()
  ) {
    self.eta = eta
    self.keepsEpsilon = keepsEpsilon
    self.churn = churn
    self.langevin = langevin
  }
}
