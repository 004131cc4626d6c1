import TensorCore

/// Where a sampler is after a step.
public struct SamplerState: Sendable {
  /// The steps done so far, from 1.
  public let step: Int
  /// The steps in all.
  public let steps: Int
  /// The timestep of the original process that was denoised.
  public let timestep: Int
  /// The pictures, less noisy by a step; after the last step, the result. `[N, C, …]`.
  public let x: Tensor
  /// What the model expects the pictures to become. `[N, C, …]`.
  public let predXStart: Tensor
}

/// What both samplers need: the process, the model, and where noise comes from.
public struct SamplerSetting {
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
}
