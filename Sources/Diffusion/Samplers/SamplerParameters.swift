/// A parameter that some samplers take and others do not.
public enum SamplerParameter: String, Sendable, Hashable, CaseIterable, Codable {
  /// η of DDIM: the fraction of DDPM's noise that is drawn anew at each step.
  case eta
}

/// What a sampler is made from: `SamplerInfo.make`. A sampler ignores what it does not take; which parameters it takes,
/// `SamplerInfo.parameters` says.
public struct SamplerParameters: Sendable, Hashable, Codable {
  /// η, at least 0; nil for the sampler's default.
  public var eta: Double?
  /// Whether ε is the network's own, as in diffusers, or derived anew from x̂₀ after clipping, as in the original.
  public var keepsEpsilon: Bool

  /// - Parameters:
  ///   - eta: η, at least 0; nil for the sampler's default.
  ///   - keepsEpsilon: whether ε is the network's own, as in diffusers.
  public init(eta: Double? = nil, keepsEpsilon: Bool = false) {
    self.eta = eta
    self.keepsEpsilon = keepsEpsilon
  }
}
