import TensorCore

/// What every sampler needs: the process, the model, and what draws pictures somewhere.
public struct SamplingContext {
  let diffusion: GaussianDiffusion
  let model: Denoiser
  let clipDenoised: Bool
  let conditioner: Conditioner?

  /// - Parameters:
  ///   - diffusion: the process to reverse.
  ///   - model: what was trained on it.
  ///   - clipDenoised: whether the predicted picture is clipped to [-1, 1] at each step.
  ///   - conditioner: what draws pictures towards their classes, if anything does.
  public init(
    diffusion: GaussianDiffusion, model: @escaping Denoiser, clipDenoised: Bool, conditioner: Conditioner? = nil
  ) {
    self.conditioner = conditioner
    self.diffusion = diffusion
    self.model = model
    self.clipDenoised = clipDenoised
  }

  /// The gradient that draws the pictures `x` at step `i`, if anything does.
  func gradient(_ x: Tensor, step i: Int) -> Tensor? {
    conditioner.map { $0(x, [Float](repeating: diffusion.modelTimestep(i), count: x.shape[0])) }
  }

  /// What the pictures `x` at step `i` are expected to become, drawn towards their classes: what solvers of the probability flow
  /// work with.
  func predXStart(_ x: Tensor, step i: Int) -> Tensor {
    let predXStart = diffusion.pMeanVariance(model, x, step: i, clipDenoised: clipDenoised).predXStart
    guard let gradient = gradient(x, step: i) else { return predXStart }
    return diffusion.conditionScore(predXStart: predXStart, x, gradient, step: i)
  }
}
