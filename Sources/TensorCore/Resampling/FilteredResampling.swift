/// Halves or doubles the resolution of channels-last activations with a filter, the same for all channels: StyleGAN2's
/// `upfirdn2d` as score_sde and EDM use it (Karras et al. 2020, "Analyzing and Improving the Image Quality of
/// StyleGAN"). With the filter 1, 1 it is average pooling, or repetition of pixels.
public struct FilteredResampling: Sendable {
  /// The filter in each dimension, whose weights add up to 1.
  private let filter: [Double]
  /// The zeros around a picture that is halved.
  private let padding: Int

  /// - Parameter filter: the filter in each dimension, of even length, which is normalised: `[1, 1]` or `[1, 3, 3, 1]`.
  public init(_ filter: [Double] = [1, 3, 3, 1]) {
    let sum = filter.reduce(0, +)
    precondition(filter.count >= 2 && filter.count % 2 == 0 && sum != 0, "\(filter) does not resample")
    self.filter = filter.map { $0 / sum }
    padding = (filter.count - 1) / 2
  }

  /// `[N, H, W, C]` → `[N, ⌊H/2⌋, ⌊W/2⌋, C]`: the convolution of stride 2.
  public func halved(_ x: Tensor) -> Tensor { halved(x, padding: padding) }

  /// The same without zeros around the picture (EDM's `fused_resample`), with a filter of length k: `[N, H, W, C]` →
  /// `[N, ⌊(H - k) / 2⌋ + 1, ⌊(W - k) / 2⌋ + 1, C]`.
  public func halvedInside(_ x: Tensor) -> Tensor { halved(x, padding: 0) }

  private func halved(_ x: Tensor, padding: Int) -> Tensor {
    let sizes = x.shape[1...2].map { max(0, $0 + 2 * padding - filter.count + 2) / 2 }
    return resampled(x, height: sizes[0], width: sizes[1]) { position, size in
      filter.indices.compactMap { k in
        let source = 2 * position + k - padding
        return (0..<size).contains(source) ? (source, filter[k]) : nil
      }
    }
  }

  /// `[N, H, W, C]` → `[N, 2H, 2W, C]`: the transposed convolution of stride 2, with twice the filter's weights.
  public func doubled(_ x: Tensor) -> Tensor {
    resampled(x, height: 2 * x.shape[1], width: 2 * x.shape[2]) { position, size in
      filter.indices.compactMap { k in
        let doubled = position + padding - k
        return doubled >= 0 && doubled % 2 == 0 && doubled / 2 < size ? (doubled / 2, 2 * filter[k]) : nil
      }
    }
  }

  /// `[N, H, W, C]` → `[N, H + 1, W + 1, C]`, filtered with two zeros on every side: what a convolution of kernel 3,
  /// stride 2 and no padding then halves.
  public func filtered(_ x: Tensor) -> Tensor {
    precondition(filter.count == 4, "only a filter of four weights is followed by a convolution")
    return resampled(x, height: x.shape[1] + 1, width: x.shape[2] + 1) { position, size in
      filter.indices.compactMap { k in
        let source = position + k - 2
        return (0..<size).contains(source) ? (source, filter[k]) : nil
      }
    }
  }

  /// Each output pixel as a weighted sum of input pixels.
  ///
  /// - Parameter taps: the input positions, with their weights, of an output position along a dimension of a size.
  private func resampled(
    _ x: Tensor, height: Int, width: Int, _ taps: (_ position: Int, _ size: Int) -> [(source: Int, weight: Double)]
  ) -> Tensor {
    precondition(x.shape.count == 4, "\(x.shape) is not the shape of an activation of two dimensions")
    let (batch, channels) = (x.shape[0], x.shape[3])
    let (sourceHeight, sourceWidth) = (x.shape[1], x.shape[2])
    let rows = (0..<height).map { taps($0, sourceHeight) }
    let columns = (0..<width).map { taps($0, sourceWidth) }
    let kernels = KernelChoice.current.rows
    return LayerProfile.measure({ "filtered resampling, \(channels), \(sizeText([height, width]))" }) {
      x.withUnsafePointer { source in
        Tensor([batch, height, width, channels]) { out in
          ThreadPool.shared.forEach(batch * height) { line in
            let (n, y) = line.quotientAndRemainder(dividingBy: height)
            let most = filter.count * filter.count
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: most) { addresses in
              withUnsafeTemporaryAllocation(of: Float.self, capacity: most) { weights in
                guard let address = addresses.baseAddress, let weight = weights.baseAddress else { return }
                for (i, column) in columns.enumerated() {
                  var count = 0
                  for row in rows[y] {
                    let first = source + (n * sourceHeight + row.source) * sourceWidth * channels
                    for tap in column {
                      address[count] = first + tap.source * channels
                      weight[count] = Float(row.weight * tap.weight)
                      count += 1
                    }
                  }
                  let target = out + (line * width + i) * channels
                  if count > 0 {
                    kernels.weightedSum(address, weight, count, channels, target)
                  } else {
                    target.update(repeating: 0, count: channels)
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

extension Tensor {
  /// Zeros on every side of a picture: `[N, H, W, C]` → `[N, H + 2·count, W + 2·count, C]`.
  public func padded(by count: Int) -> Tensor {
    precondition(shape.count == 4 && count >= 0, "\(shape) is not the shape of an activation of two dimensions")
    if count == 0 { return self }
    let (height, row, edge) = (shape[1], shape[2] * shape[3], count * shape[3])
    let wide = row + 2 * edge
    return withUnsafePointer { source in
      Tensor([shape[0], height + 2 * count, shape[2] + 2 * count, shape[3]]) { out in
        out.update(repeating: 0, count: shape[0] * (height + 2 * count) * wide)
        for n in 0..<shape[0] {
          for y in 0..<height {
            (out + (n * (height + 2 * count) + count + y) * wide + edge).update(
              from: source + (n * height + y) * row, count: row)
          }
        }
      }
    }
  }

  /// Every element times `factor`.
  public func scaled(by factor: Float) -> Tensor {
    let kernels = KernelChoice.current.rows
    return LayerProfile.measure({ "scaling, \(sizeText(shape.dropFirst()))" }) {
      withUnsafePointer { source in
        Tensor(shape) { out in
          Tensor.forStrips(of: count) { kernels.scale(source + $0, factor, $1, out + $0) }
        }
      }
    }
  }
}
