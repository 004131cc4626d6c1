import TensorCore

/// Denoising diffusion implicit models (Song et al. 2021, eq. 12): combines x̂₀ and the noise it implies into x_{t-1},
/// with a fraction η of DDPM's noise drawn anew.
///
/// With η = 0 the result depends only on x_T; with η = 1 the steps have DDPM's variance. Uses the original's float32
/// tables, so it needs a `GaussianDiffusion`.
public struct DDIM: Sampler {
  private let eta: Float
  private let keepsEpsilon: Bool

  /// - Parameters:
  ///   - eta: η ≥ 0. Above 1 the factor of the implied noise can be the root of a negative number and is then 0.
  ///   - keepsEpsilon: whether ε is the model's own, as in diffusers, or recomputed from the clipped x̂₀, as in the
  ///     original.
  public init(eta: Double = 0, keepsEpsilon: Bool = false) {
    self.eta = Float(eta)
    self.keepsEpsilon = keepsEpsilon
  }

  /// Computes x_{t-1} from x̂₀ and ε.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let diffusion = context.gaussian
    let p = context.pMeanVariance(x, step: i)
    var predXStart = p.predXStart
    let gradient = context.gradient(x, step: i)
    if let gradient { predXStart = diffusion.conditionScore(xStart: predXStart, x, gradient, step: i) }
    let epsilon =
      keepsEpsilon && gradient == nil
      ? diffusion.epsilon(output: p.output, x, step: i) : diffusion.epsilon(xStart: predXStart, x, step: i)

    // Float32 throughout, as in the original: 1 - ᾱ loses bits where ᾱ is near 1, and must lose the same ones.
    let alphaBar = Float(diffusion.alphasCumprod[i])
    let alphaBarPrev = Float(diffusion.alphasCumprodPrev[i])
    let ofVariance = diffusion.variance.alphasCumprod.map { Float($0[i]) } ?? alphaBar
    let sigma =
      eta * ((1 - alphaBarPrev) / (1 - ofVariance)).squareRoot() * (1 - ofVariance / alphaBarPrev).squareRoot()
    let ofXStart = alphaBarPrev.squareRoot()
    let ofEpsilon = Swift.max(0, 1 - alphaBarPrev - sigma * sigma).squareRoot()
    let next = predXStart.zip(epsilon) { $0 * ofXStart + ofEpsilon * $1 }
    // σ is 0 if η is, and in the last step, where ᾱ_{t-1} is 1.
    guard sigma > 0, i > 0 || !diffusion.variance.isQuietAtEnd else { return (next, predXStart) }
    return (next.zip(noise()) { $0 + sigma * $1 }, predXStart)
  }
}

extension DDIM {
  /// The entry in the table of samplers.
  public static let info = SamplerInfo(
    name: "ddim", title: "DDIM",
    summary: "first order; the noise it starts from decides the image, unless --eta draws more (Song et al. 2021)",
    defaultSpacing: nil, usesIntegerStride: true, spacingStyle: .fixedStride, parameters: [.eta],
    isDefined: { $0 is GaussianDiffusion }
  ) { DDIM(eta: $0.eta ?? 0, keepsEpsilon: $0.keepsEpsilon) }
}
