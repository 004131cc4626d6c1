import TensorCore

/// Denoising diffusion implicit models (Song et al. 2021, eq. 12): from the predicted x₀ and the noise that it implies, the
/// x_{t-1} they would have made, with a share η of the noise of DDPM drawn anew.
///
/// With η = 0 the result depends on x_T alone; with η = 1 the steps have DDPM's variance. As in the original, ε is derived
/// anew from x₀ after clipping.
public struct DDIMSampler<Noise: NoiseSource>: Sequence, IteratorProtocol {
  private let setting: SamplerSetting
  private let eta: Float
  /// Where noise comes from, as the steps so far have left it.
  public private(set) var noise: Noise
  private var x: Tensor
  private var i: Int

  /// Starts from `x`, x_T, `[N, C, …]`; `noise` is drawn from, or skipped, once a step. `eta` ≥ 0; above 1 the part of
  /// the implied noise would be the root of a negative number and is taken to be 0.
  public init(_ setting: SamplerSetting, eta: Double, from x: Tensor, noise: Noise) {
    self.setting = setting
    self.eta = Float(eta)
    self.noise = noise
    self.x = x
    i = setting.diffusion.count - 1
  }

  /// Denoises by one step; nil when there is none left.
  public mutating func next() -> SamplerState? {
    guard i >= 0 else { return nil }
    let diffusion = setting.diffusion
    let p = diffusion.pMeanVariance(setting.model, x, step: i, clipDenoised: setting.clipDenoised)
    var predXStart = p.predXStart
    if let gradient = setting.gradient(x, step: i) {
      predXStart = diffusion.conditionScore(predXStart: predXStart, x, gradient, step: i)
    }
    // In float32 throughout, as in the original: 1 - ᾱ loses bits where ᾱ is near 1, and they must be lost alike.
    let alphaBar = Float(diffusion.alphasCumprod[i])
    let alphaBarPrev = Float(diffusion.alphasCumprodPrev[i])
    let sigma =
      eta * ((1 - alphaBarPrev) / (1 - alphaBar)).squareRoot() * (1 - alphaBar / alphaBarPrev).squareRoot()
    let (a, b) = (diffusion.sqrtRecipAlphasCumprod(i), diffusion.sqrtRecipm1AlphasCumprod(i))
    let epsilon = x.zip(predXStart) { (a * $0 - $1) / b }
    let ofXStart = alphaBarPrev.squareRoot()
    let ofEpsilon = Swift.max(0, 1 - alphaBarPrev - sigma * sigma).squareRoot()
    x = predXStart.zip(epsilon) { $0 * ofXStart + ofEpsilon * $1 }
    // Zero with η, and at the last step, where ᾱ before it is 1.
    if sigma > 0 {
      x = x.zip(noise.next()) { $0 + sigma * $1 }
    } else {
      noise.skip()
    }
    defer { i -= 1 }
    return SamplerState(
      step: diffusion.count - i, steps: diffusion.count, timestep: diffusion.timestepMap[i], x: x,
      predXStart: predXStart)
  }
}
