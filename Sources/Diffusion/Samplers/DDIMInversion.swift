import TensorCore

/// DDIM run backwards (Song et al. 2021, eq. 13 and §5.4; the original's `ddim_reverse_sample`): maps images to the x_T
/// from which DDIM with η = 0, over the same steps, nearly reproduces them.
///
/// Step i moves up to the next level but uses the model's output at its own level, so finer steps have a smaller error.
/// The input images are treated as being at the level of the sampler's last step. Above the noisiest step ᾱ is taken as
/// 0, as in the original.
public struct DDIMInversion: Sequence, IteratorProtocol {
  private let context: SamplingContext
  private let keepsEpsilon: Bool
  private var x: Tensor
  private var i = 0

  /// - Parameters:
  ///   - context: the process, a `GaussianDiffusion`, and the model, as for the sampler but without a conditioner.
  ///   - pictures: x₀, `[N, C, …]` in [-1, 1].
  ///   - keepsEpsilon: as in `DDIM`.
  public init(_ context: SamplingContext, from pictures: Tensor, keepsEpsilon: Bool = false) {
    precondition(context.conditioner == nil, "sampling with classifier guidance cannot be inverted")
    self.context = context
    self.keepsEpsilon = keepsEpsilon
    x = pictures
  }

  /// The images, noisier by one step, `[N, C, …]`; nil after the last, which is x_T.
  public mutating func next() -> Tensor? {
    let diffusion = context.gaussian
    guard i < diffusion.count else { return nil }
    let p = diffusion.pMeanVariance(context.model, x, step: i, context.clipping)
    let epsilon =
      keepsEpsilon
      ? diffusion.epsilon(output: p.output, x, step: i) : diffusion.epsilon(xStart: p.predXStart, x, step: i)
    // In float32, as in the sampler.
    let alphaBarNext = i + 1 < diffusion.count ? Float(diffusion.alphasCumprod[i + 1]) : 0
    let (ofXStart, ofEpsilon) = (alphaBarNext.squareRoot(), (1 - alphaBarNext).squareRoot())
    x = p.predXStart.zip(epsilon) { ofXStart * $0 + ofEpsilon * $1 }
    i += 1
    return x
  }
}
