import TensorCore

/// What is done against the saturation of strong classifier-free guidance.
public struct GuidanceRescaling: Sendable, Equatable {
  /// φ: the share of the guided prediction that gets the standard deviation of the conditional one (Lin et al. 2024,
  /// "Common Diffusion Noise Schedules and Sample Steps are Flawed", §3.4).
  public var phi: Double
  /// Whether the part of the guidance that points along the conditional prediction is left out (Sadat et al. 2024,
  /// "Eliminating Oversaturation and Artifacts of High Guidance Scales", §4).
  public var removesParallel: Bool

  /// The given shares.
  public init(phi: Double, removesParallel: Bool) { (self.phi, self.removesParallel) = (phi, removesParallel) }

  /// The guided prediction of each image, c + (scale - 1)·(c - u), in the leading `channels` of `prediction`, c,
  /// `[N, C, …]`; its other channels are unchanged.
  func guided(from base: Tensor, through prediction: Tensor, scale: Double, channels: Int) -> Tensor {
    let own = prediction.channels(0..<channels)
    let images = zip(own.images, base.channels(0..<channels).images).map { image(from: $1, through: $0, scale: scale) }
    let guided = Tensor(own.shape, images.flatMap { $0 })
    return channels == prediction.shape[1]
      ? guided : guided.joiningChannels(prediction.channels(channels..<prediction.shape[1]))
  }

  /// The same for the values of one image.
  private func image(from base: [Float], through own: [Float], scale: Double) -> [Float] {
    var update = zip(own, base).map { $0 - $1 }
    if removesParallel {
      let norm = max(own.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-12)
      let along = zip(update, own).reduce(0) { $0 + Double($1.0) * Double($1.1) } / (norm * norm)
      update = zip(update, own).map { Float(Double($0) - along * Double($1)) }
    }
    let strength = Float(scale - 1)
    let scaled = zip(own, update).map { $0 + strength * $1 }
    if phi == 0 { return scaled }
    let factor = Float(deviation(own) / deviation(scaled) * phi + (1 - phi))
    return scaled.map { factor * $0 }
  }

  /// The standard deviation of a sample.
  private func deviation(_ values: [Float]) -> Double {
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    let squares = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (squares / Double(max(values.count - 1, 1))).squareRoot()
  }
}

extension Tensor {
  /// The values of each image, `[N, …]`.
  fileprivate var images: [[Float]] { (0..<shape[0]).map { rows($0..<$0 + 1).values } }
}
