import TensorCore

/// DDIM run backwards (Song et al. 2021, eq. 13 and §5.4; `ddim_reverse_sample` of the original): from pictures to the
/// x_T from which DDIM with η = 0, over the same steps, makes nearly the same pictures again.
///
/// Step i takes the model's answer at its own level for the answer at the next level up, to which it takes the picture:
/// so the finer the steps, the smaller the error. The picture itself is taken for the level of the sampler's last step.
/// Behind the noisiest step nothing is left of the picture (ᾱ = 0), as in the original.
public struct DDIMInversion: Sequence, IteratorProtocol {
  private let context: SamplingContext
  private let keepsEpsilon: Bool
  private var x: Tensor
  private var i = 0

  /// - Parameters:
  ///   - context: the process, a `GaussianDiffusion`, and the model, as the sampler takes them; without a conditioner.
  ///   - pictures: x₀, `[N, C, …]` in [-1, 1].
  ///   - keepsEpsilon: as `DDIM` has it.
  public init(_ context: SamplingContext, from pictures: Tensor, keepsEpsilon: Bool = false) {
    precondition(context.conditioner == nil, "sampling with classifier guidance cannot be inverted")
    self.context = context
    self.keepsEpsilon = keepsEpsilon
    x = pictures
  }

  /// The pictures, noisier by a step, `[N, C, …]`; nil behind the last, which is x_T.
  public mutating func next() -> Tensor? {
    let diffusion = context.gaussian
    guard i < diffusion.count else { return nil }
    let p = diffusion.pMeanVariance(context.model, x, step: i, clipDenoised: context.clipDenoised)
    let epsilon =
      keepsEpsilon
      ? diffusion.epsilon(output: p.output, x, step: i) : diffusion.epsilon(xStart: p.predXStart, x, step: i)
    // In float32, as the sampler computes it.
    let alphaBarNext = i + 1 < diffusion.count ? Float(diffusion.alphasCumprod[i + 1]) : 0
    let (ofXStart, ofEpsilon) = (alphaBarNext.squareRoot(), (1 - alphaBarNext).squareRoot())
    x = p.predXStart.zip(epsilon) { ofXStart * $0 + ofEpsilon * $1 }
    i += 1
    return x
  }
}
