import TensorCore

/// A class-conditional model: takes x_t, the timestep and the class of each picture, nil standing for none.
public typealias ConditionalDenoiser = (_ x: Tensor, _ timesteps: [Float], _ labels: [Int?]) -> Tensor

/// Classifier-free guidance (Ho & Salimans 2022): the prediction for the class, pushed away from the one for no class:
/// `u + scale · (c - u)`.
///
/// - Parameters:
///   - model: trained on pictures with their class, some of which had the class that stands for none instead.
///   - scale: 1 is no guidance and costs no second evaluation; 0 is no class.
///   - labels: the class of each picture.
///   - interval: the timesteps, on the model's scale, at which there is guidance (Kynkäänniemi et al. 2024: at those in
///     the middle it makes pictures clearer, at the others less varied); nil for all. Elsewhere it costs no second
///     evaluation.
///   - channels: the channels that guidance applies to; those behind, of a predicted variance, are `c`'s.
/// - Returns: a model that evaluates class and no class in one doubled batch.
public func classifierFreeGuidance(
  _ model: @escaping ConditionalDenoiser, scale: Double, interval: ClosedRange<Float>? = nil, labels: [Int],
  channels: Int
) -> Denoiser {
  if scale == 1 { return { model($0, $1, labels) } }
  let scale = Float(scale)
  return { x, timesteps in
    // All pictures of a batch are at one step.
    if let interval, !interval.contains(timesteps[0]) { return model(x, timesteps, labels) }
    let batch = x.shape[0]
    let both = model(
      Tensor.stacked([x, x]), timesteps + timesteps, labels + [Int?](repeating: nil, count: batch))
    let (c, u) = (both.rows(0..<batch), both.rows(batch..<2 * batch))
    let pixels = c.shape.dropFirst(2).reduce(1, *)
    var guided = c
    guided.withUnsafeMutablePointer { target in
      u.withUnsafePointer { u in
        for n in 0..<batch {
          let first = n * c.shape[1] * pixels
          for i in first..<first + channels * pixels { target[i] = u[i] + scale * (target[i] - u[i]) }
        }
      }
    }
    return guided
  }
}
