import TensorCore

/// Autoguidance (Karras et al. 2024, "Guiding a Diffusion Model with a Bad Version of Itself", eq. 3): extrapolates
/// from the prediction of a smaller or less trained model through the model's own, `weak + scale · (own - weak)`. As x̂₀
/// is linear in the prediction, this is the same for predictions of x₀, ε, v or a preconditioned network.
///
/// - Parameters:
///   - model: the denoiser.
///   - weak: a worse denoiser of the same process.
///   - scale: 1 turns guidance off and saves the second evaluation; the paper's are 1.7 to 2.9.
///   - interval: the timesteps, on the model's scale, at which guidance applies; nil for all.
///   - channels: the number of leading channels that guidance changes. The channels of a predicted variance after them
///     are the model's.
public func autoguidance(
  _ model: @escaping Denoiser, weak: @escaping Denoiser, scale: Double, interval: ClosedRange<Float>? = nil,
  channels: Int
) -> Denoiser {
  if scale == 1 { return model }
  let scale = Float(scale)
  return { x, timesteps in
    let own = model(x, timesteps)
    // All images of a batch are at the same timestep.
    if let interval, !interval.contains(timesteps[0]) { return own }
    return extrapolated(from: weak(x, timesteps), through: own, scale: scale, channels: channels)
  }
}
