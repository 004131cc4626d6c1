import TensorCore

/// DDIM run backwards (Song et al. 2021, eq. 13 and §5.4; `ddim_reverse_sample` of the original): from pictures to the x_T of which
/// DDIM with η = 0, over the same steps, makes them again, nearly.
///
/// Step i takes what the model says at its own level for what it would say at the next one, to which the picture is taken: so the finer
/// the steps, the nearer. The picture itself is where the last step of the sampler begins. Behind the noisiest step nothing is left of the
/// picture (ᾱ = 0), as in the original.
public struct DDIMInversion: Sequence, IteratorProtocol {
  private let setting: SamplingContext
  private let keepsEpsilon: Bool
  private var x: Tensor
  private var i = 0

  /// - Parameters:
  ///   - setting: the process and the model, as the sampler takes them; nothing may draw the pictures anywhere.
  ///   - pictures: x₀, `[N, C, …]` in [-1, 1].
  ///   - keepsEpsilon: as `DDIM` has it.
  public init(_ setting: SamplingContext, from pictures: Tensor, keepsEpsilon: Bool = false) {
    precondition(setting.conditioner == nil, "what a classifier has guided cannot be inverted")
    self.setting = setting
    self.keepsEpsilon = keepsEpsilon
    x = pictures
  }

  /// The pictures, noisier by a step; nil when the last has come, which is x_T. `[N, C, …]`.
  public mutating func next() -> Tensor? {
    let diffusion = setting.diffusion
    guard i < diffusion.count else { return nil }
    let p = diffusion.pMeanVariance(setting.model, x, step: i, clipDenoised: setting.clipDenoised)
    let epsilon =
      keepsEpsilon
      ? diffusion.epsilon(output: p.output, x, step: i) : diffusion.epsilon(predXStart: p.predXStart, x, step: i)
    // In float32, as the sampler computes it.
    let alphaBarNext = i + 1 < diffusion.count ? Float(diffusion.alphasCumprod[i + 1]) : 0
    let (ofXStart, ofEpsilon) = (alphaBarNext.squareRoot(), (1 - alphaBarNext).squareRoot())
    x = p.predXStart.zip(epsilon) { ofXStart * $0 + ofEpsilon * $1 }
    i += 1
    return x
  }
}
