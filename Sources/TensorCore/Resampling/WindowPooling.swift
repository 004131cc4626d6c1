// Pooling of channels-last activations with windows that overlap, as the classifiers of ImageNet have it.

/// Pooling with square windows.
public struct WindowPooling: Sendable {
  /// What becomes of the pixels in a window. Those beyond the picture are not among them.
  public enum Kind: Sendable {
    /// The largest value of each channel.
    case maximum
    /// The mean of each channel.
    case mean
  }

  /// What is made of a window.
  public let kind: Kind
  /// The side of the window.
  public let window: Int
  /// The distance from one window to the next.
  public let stride: Int
  /// How far windows reach beyond the picture.
  public let padding: Int

  /// Pooling with windows of `window` × `window` pixels.
  public init(_ kind: Kind, window: Int, stride: Int, padding: Int = 0) {
    precondition(
      window > 0 && stride > 0 && padding >= 0 && padding < window,
      "windows of \(window) with stride \(stride) and padding \(padding) would hold no pixel")
    (self.kind, self.window, self.stride, self.padding) = (kind, window, stride, padding)
  }

  /// The shape of the output for an input of shape `[N, H, W, C]`: ⌊(size + 2 · padding - window) / stride⌋ + 1, as
  /// PyTorch rounds it.
  public func outputShape(_ shape: [Int]) -> [Int] {
    precondition(
      shape.count == 4 && shape[1] + 2 * padding >= window && shape[2] + 2 * padding >= window,
      "windows of \(window) do not fit into \(shape)")
    return [shape[0], outputSize(shape[1]), outputSize(shape[2]), shape[3]]
  }

  private func outputSize(_ size: Int) -> Int { (size + 2 * padding - window) / stride + 1 }

  /// `[N, H, W, C]` → `[N, H', W', C]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    Tensor(outputShape(x.shape)) { out in self(x, into: out, stride: x.shape[3]) }
  }

  /// Writes the output for `x`, `[N, H, W, C]`: the channels of a pixel to `out`, those of the next `pixelStride`
  /// floats behind.
  public func callAsFunction(_ x: Tensor, into out: UnsafeMutablePointer<Float>, stride pixelStride: Int) {
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    let shape = outputShape(x.shape)
    let kernels = KernelChoice.current.rows
    LayerProfile.measure({ "pooling \(sizeText([window, window])), \(channels), \(sizeText(shape[1...2]))" }) {
      x.withUnsafePointer { source in
        ThreadPool.shared.forEach(shape[0] * shape[1]) { line in
          let (n, y) = line.quotientAndRemainder(dividingBy: shape[1])
          let rows = places(y, of: height)
          let most = window * window
          withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: most) { addresses in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: most) { weights in
              guard let address = addresses.baseAddress, let weight = weights.baseAddress else { return }
              for x in 0..<shape[2] {
                let columns = places(x, of: width)
                var count = 0
                for row in rows {
                  for column in columns {
                    address[count] = source + ((n * height + row) * width + column) * channels
                    count += 1
                  }
                }
                let target = out + (line * shape[2] + x) * pixelStride
                switch kind {
                case .maximum: kernels.maximum(address, count, channels, target)
                case .mean:
                  weight.update(repeating: 1 / Float(count), count: count)
                  kernels.weightedSum(address, weight, count, channels, target)
                }
              }
            }
          }
        }
      }
    }
  }

  /// The input positions in a window, along one dimension.
  private func places(_ output: Int, of size: Int) -> Range<Int> {
    let first = output * stride - padding
    return max(0, first)..<min(size, first + window)
  }
}

extension Tensor {
  /// The mean of each channel over all pixels: `[N, H, W, C]` → `[N, C]`.
  public func spatialMean() -> Tensor {
    precondition(shape.count == 4 && shape[1] * shape[2] > 0, "\(shape) has no pixels to take the mean of")
    let (pixels, channels) = (shape[1] * shape[2], shape[3])
    let table = KernelChoice.current
    return withUnsafePointer { source in
      Tensor([shape[0], channels]) { out in
        ThreadPool.shared.forEach(shape[0]) { n in
          let target = out + n * channels
          table.packing.sumRows(source + n * pixels * channels, pixels, channels, target)
          table.rows.scale(target, 1 / Float(pixels), channels, target)
        }
      }
    }
  }
}
