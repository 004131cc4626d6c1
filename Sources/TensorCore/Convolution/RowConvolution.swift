/// A convolution of stride 1 over pictures of few channels with a wide kernel, padded by half of it: a row of the
/// kernel is one tap, whose depth is the channels of all its pixels, which lie side by side in a padded picture. Of
/// three channels and a kernel of 7×7 the product has 7 taps of depth 21 in place of 49 of depth 3.
public struct RowConvolution: Sendable {
  /// The kernel's side, odd.
  public let kernel: Int
  /// Input channels.
  public let inChannels: Int
  /// Output channels.
  public let outChannels: Int
  private let weights: Lazy<PackedWeights>

  /// A layer of `weight`, `[O, I, k, k]` with odd k, and `bias`, `[O]`.
  public init(weight: Parameter, bias: Parameter) {
    let shape = weight.shape
    precondition(
      shape.count == 4 && shape[2] == shape[3] && shape[2] % 2 == 1, "a kernel of shape \(shape) has no middle")
    (outChannels, inChannels, kernel) = (shape[0], shape[1], shape[2])
    weights = Lazy(of: weight, bias) {
      PackedWeights(weight: Self.byRows(weight.tensor()), bias: bias.tensor())
    }
  }

  /// `[O, I, k, k']` → `[O, k'·I, k]`: all of a row's pixels as channels.
  static func byRows(_ weight: Tensor) -> Tensor {
    let (channels, height, width) = (weight.shape[1], weight.shape[2], weight.shape[3])
    return weight.withUnsafePointer { source in
      Tensor([weight.shape[0], width * channels, height]) { out in
        for o in 0..<weight.shape[0] {
          for c in 0..<channels {
            for y in 0..<height {
              for x in 0..<width {
                out[((o * width + x) * channels + c) * height + y] =
                  source[((o * channels + c) * height + y) * width + x]
              }
            }
          }
        }
      }
    }
  }

  /// `[N, H, W, I]` → `[N, H, W, O]`, channels last.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    precondition(
      x.shape.count == 4 && x.shape[3] == inChannels, "a convolution of \(inChannels) channels cannot take \(x.shape)")
    let (batch, height, width) = (x.shape[0], x.shape[1], x.shape[2])
    let line = (width + kernel - 1) * inChannels
    let lines = height + kernel - 1
    return LayerProfile.measure(
      { "convolution \(kernel)×\(kernel) by rows, \(inChannels) → \(outChannels), \(sizeText([height, width]))" },
      operations: 2 * batch * height * width * inChannels * outChannels * kernel * kernel
    ) {
      x.padded(by: kernel / 2).withUnsafePointer { source in
        Tensor([batch, height, width, outChannels]) { out in
          implicitGEMM(
            rowCount: batch * height * width, weights: weights.value, out: out, outStride: outChannels
          ) { rows, addresses, _ in
            for row in rows {
              let (above, column) = row.quotientAndRemainder(dividingBy: width)
              let (n, y) = above.quotientAndRemainder(dividingBy: height)
              let first = source + (n * lines + y) * line + column * inChannels
              for tap in 0..<kernel { addresses[tap * rows.count + row - rows.lowerBound] = first + tap * line }
            }
          }
        }
      }
    }
  }
}
