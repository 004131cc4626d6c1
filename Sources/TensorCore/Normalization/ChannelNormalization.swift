import KernelTable

/// Normalisation of each pixel over its channels: by their root mean square (Zhang & Sennrich 2019, "Root Mean Square
/// Layer Normalization"), or by mean and variance (Ba et al. 2016, "Layer Normalization").
public struct ChannelNormalization: Sendable {
  /// What a pixel is divided by.
  public enum Form: Sendable, Equatable {
    /// √C · x / max(‖x‖, 10⁻¹²).
    case rootMeanSquare
    /// (x - mean) / √(variance + ε).
    case centred(epsilon: Float)
  }

  /// What a pixel is divided by.
  public let form: Form
  /// The number of channels.
  public let channels: Int
  private let parameters: Lazy<(gain: Tensor, bias: Tensor?)>
  /// Pixels that a thread normalises at a time.
  private static let strip = 256

  /// A layer of the gain, of C elements in any shape, and a bias likewise if it has one.
  public init(_ form: Form, gain: Parameter, bias: Parameter? = nil) {
    channels = gain.shape.reduce(1, *)
    let factor = form == .rootMeanSquare ? Float(channels).squareRoot() : 1
    precondition(
      bias.map { $0.shape == gain.shape } ?? true,
      "a normalisation of gain \(gain.shape) cannot have a bias of shape \(bias?.shape ?? [])")
    self.form = form
    parameters = Lazy(of: gain, bias ?? gain) { (gain.tensor().map { $0 * factor }, bias?.tensor()) }
  }

  /// Normalises `x`, `[N, spatial…, C]`.
  ///
  /// - Parameters:
  ///   - x: activations, channels last.
  ///   - scaleShift: `[N, 2C]`, scale then shift: the result is norm(x)·(1 + scale) + shift.
  ///   - silu: whether SiLU follows.
  ///   - residual: an activation of the shape of `x` to add after that.
  public func callAsFunction(
    _ x: Tensor, scaleShift: Tensor? = nil, silu: Bool = false, adding residual: Tensor? = nil
  ) -> Tensor {
    let batch = x.shape[0]
    precondition(x.shape.last == channels, "a normalisation of \(channels) channels cannot take \(x.shape)")
    precondition(
      (scaleShift == nil || scaleShift?.shape == [batch, 2 * channels])
        && (residual == nil || residual?.shape == x.shape),
      "\(x.shape) cannot be scaled by \(scaleShift?.shape ?? []), nor \(residual?.shape ?? []) added to it")
    let pixels = x.shape[1..<x.shape.count - 1].reduce(1, *)
    let size = x.shape[1..<x.shape.count - 1]
    return LayerProfile.measure({ "normalisation of channels, \(channels), \(sizeText(size))" }) {
      let (scale, shift) = factors(scaleShift, batch: batch)
      let stride = scaleShift == nil ? 0 : channels
      let kernel = KernelChoice.current.rows.normalizeChannels
      let isCentred = form != .rootMeanSquare
      let epsilon: Float = if case .centred(let epsilon) = form { epsilon } else { 1e-12 }
      let strips = (pixels + Self.strip - 1) / Self.strip
      return x.withUnsafePointer { source in
        scale.withUnsafePointer { scale in
          shift.withUnsafePointerIfAny { shift in
            residual.withUnsafePointerIfAny { residual in
              Tensor(x.shape) { out in
                ThreadPool.shared.forEach(batch * strips) { item in
                  let (n, strip) = item.quotientAndRemainder(dividingBy: strips)
                  let first = (n * pixels + strip * Self.strip) * channels
                  kernel(
                    source + first, min(Self.strip, pixels - strip * Self.strip), channels,
                    .init(
                      scale: scale + n * stride, shift: shift.map { $0 + n * stride }, isCentred: isCentred,
                      epsilon: epsilon), silu, residual.map { $0 + first }, out + first)
                }
              }
            }
          }
        }
      }
    }
  }

  /// The factor of each channel and what is added to it, of each picture if there is a scale and shift.
  private func factors(_ scaleShift: Tensor?, batch: Int) -> (scale: Tensor, shift: Tensor?) {
    let (gain, bias) = parameters.value
    guard let scaleShift else { return (gain, bias) }
    return gain.withUnsafePointer { gain in
      bias.withUnsafePointerIfAny { bias in
        scaleShift.withUnsafePointer { given in
          let scale = Tensor([batch, channels]) { out in
            for i in 0..<batch * channels {
              let (n, c) = i.quotientAndRemainder(dividingBy: channels)
              out[i] = gain[c] * (1 + given[n * 2 * channels + c])
            }
          }
          let shift = Tensor([batch, channels]) { out in
            for i in 0..<batch * channels {
              let (n, c) = i.quotientAndRemainder(dividingBy: channels)
              let (factor, added) = (1 + given[n * 2 * channels + c], given[(n * 2 + 1) * channels + c])
              out[i] = (bias.map { $0[c] * factor } ?? 0) + added
            }
          }
          return (scale, shift)
        }
      }
    }
  }
}
