import TensorCore

/// Denoising diffusion implicit models (Song et al. 2021, eq. 12): from the predicted x₀ and the noise that it implies, the
/// x_{t-1} they would have made, with a share η of the noise of DDPM drawn anew.
///
/// With η = 0 the result depends on x_T alone; with η = 1 the steps have DDPM's variance.
public struct DDIM: Sampler {
  private let eta: Float
  private let keepsEpsilon: Bool

  /// - Parameters:
  ///   - eta: η ≥ 0; above 1 the part of the implied noise would be the root of a negative number and is taken to be 0.
  ///   - keepsEpsilon: whether ε is what the model says, as in diffusers, or derived anew from x₀ after clipping, as in the original.
  public init(eta: Double = 0, keepsEpsilon: Bool = false) {
    self.eta = Float(eta)
    self.keepsEpsilon = keepsEpsilon
  }

  /// Makes x_{t-1} of x₀ and ε.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ setting: SamplingContext, noise: inout some NoiseSource
  ) -> (x: Tensor, predXStart: Tensor) {
    let diffusion = setting.diffusion
    let p = diffusion.pMeanVariance(setting.model, x, step: i, clipDenoised: setting.clipDenoised)
    var predXStart = p.predXStart
    let gradient = setting.gradient(x, step: i)
    if let gradient { predXStart = diffusion.conditionScore(predXStart: predXStart, x, gradient, step: i) }
    let epsilon =
      keepsEpsilon && gradient == nil
      ? diffusion.epsilon(output: p.output, x, step: i) : diffusion.epsilon(predXStart: predXStart, x, step: i)

    // In float32 throughout, as in the original: 1 - ᾱ loses bits where ᾱ is near 1, and they must be lost alike.
    let alphaBar = Float(diffusion.alphasCumprod[i])
    let alphaBarPrev = Float(diffusion.alphasCumprodPrev[i])
    let sigma =
      eta * ((1 - alphaBarPrev) / (1 - alphaBar)).squareRoot() * (1 - alphaBar / alphaBarPrev).squareRoot()
    let ofXStart = alphaBarPrev.squareRoot()
    let ofEpsilon = Swift.max(0, 1 - alphaBarPrev - sigma * sigma).squareRoot()
    let next = predXStart.zip(epsilon) { $0 * ofXStart + ofEpsilon * $1 }
    // Zero with η, and at the last step, where ᾱ before it is 1.
    guard sigma > 0 else {
      noise.skip()
      return (next, predXStart)
    }
    return (next.zip(noise.next()) { $0 + sigma * $1 }, predXStart)
  }
}
