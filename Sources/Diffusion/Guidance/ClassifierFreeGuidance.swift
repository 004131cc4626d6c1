import TensorCore

/// A class-conditional denoiser. `labels` holds the class label of each image; nil is the null class.
public typealias ConditionalDenoiser = (_ x: Tensor, _ timesteps: [Float], _ labels: [Int?]) -> Tensor

/// Classifier-free guidance (Ho & Salimans 2022): extrapolates from the unconditional prediction u through the
/// conditional prediction c, `u + scale · (c - u)`.
///
/// - Parameters:
///   - model: a denoiser trained with some labels replaced by the null class.
///   - scale: the guidance scale. 1 turns guidance off and saves the second evaluation; 0 is unconditional.
///   - interval: the timesteps, on the model's scale, at which guidance applies; nil for all. Outside it the second
///     evaluation is saved. At middle timesteps guidance makes images clearer, at the others less varied (Kynkäänniemi
///     et al. 2024).
///   - labels: the class label of each image.
///   - channels: the number of leading channels that guidance changes. The channels of a predicted variance after them
///     are c's.
///   - rescaling: what is done against saturation; nil for nothing.
/// - Returns: a denoiser that evaluates c and u in one doubled batch.
public func classifierFreeGuidance(
  _ model: @escaping ConditionalDenoiser, scale: Double, interval: ClosedRange<Float>? = nil, labels: [Int],
  channels: Int, rescaling: GuidanceRescaling? = nil
) -> Denoiser {
  if scale == 1 { return { model($0, $1, labels) } }
  return { x, timesteps in
    // All images of a batch are at the same timestep.
    if let interval, !interval.contains(timesteps[0]) { return model(x, timesteps, labels) }
    let batch = x.shape[0]
    let both = model(
      Tensor.stacked([x, x]), timesteps + timesteps, labels + [Int?](repeating: nil, count: batch))
    let (base, prediction) = (both.rows(batch..<2 * batch), both.rows(0..<batch))
    if let rescaling { return rescaling.guided(from: base, through: prediction, scale: scale, channels: channels) }
    return extrapolated(from: base, through: prediction, scale: Float(scale), channels: channels)
  }
}

/// `base + scale · (prediction - base)` in the leading `channels` of `prediction`, `[N, C, …]`; its other channels are
/// unchanged. `base` may have another number of channels, of at least these.
func extrapolated(from base: Tensor, through prediction: Tensor, scale: Float, channels: Int) -> Tensor {
  let (batch, own, others) = (prediction.shape[0], prediction.shape[1], base.shape[1])
  let pixels = prediction.shape.dropFirst(2).reduce(1, *)
  var guided = prediction
  guided.withUnsafeMutablePointer { target in
    base.withUnsafePointer { base in
      for n in 0..<batch {
        let (target, base) = (target + n * own * pixels, base + n * others * pixels)
        for i in 0..<channels * pixels { target[i] = base[i] + scale * (target[i] - base[i]) }
      }
    }
  }
  return guided
}
