import KernelTable

/// Group normalisation (Wu & He 2018): channels in groups, each group of each picture brought to mean 0 and variance 1,
/// then scaled and shifted per channel. 32 groups and ε = 10⁻⁵ as in the original's `normalization`.
public struct GroupNormalization: Sendable {
  /// The number of groups.
  public static let groups = 32
  private static let epsilon = 1e-5
  /// Pixels whose moments are summed in float32 before they go to float64; also the unit of work of a thread.
  private static let stripPixels = 256

  let weight: Tensor
  let bias: Tensor

  /// A layer of `weight` and `bias`, both `[C]`, C a multiple of 32.
  public init(weight: Tensor, bias: Tensor) {
    precondition(
      weight.shape.count == 1 && weight.shape == bias.shape && weight.count % Self.groups == 0,
      "no normalisation in \(Self.groups) groups has a weight of shape \(weight.shape) and a bias of shape \(bias.shape)"
    )
    self.weight = weight
    self.bias = bias
  }

  /// Normalises `x`, `[N, spatial…, C]`.
  ///
  /// - Parameters:
  ///   - scaleShift: `[N, 2C]`, scale then shift: the result is norm(x)·(1 + scale) + shift (Dhariwal & Nichol 2021, AdaGN).
  ///   - silu: whether SiLU follows, in the same pass.
  public func callAsFunction(_ x: Tensor, scaleShift: Tensor? = nil, silu: Bool) -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[x.shape.count - 1])
    precondition(channels == weight.count, "a normalisation of \(weight.count) channels cannot take \(x.shape)")
    precondition(
      scaleShift == nil || scaleShift?.shape == [batch, 2 * channels],
      "\(x.shape) cannot be scaled and shifted by \(scaleShift?.shape ?? [])")
    let pixels = x.shape[1..<x.shape.count - 1].reduce(1, *)
    let table = KernelChoice.current
    let strips = (pixels + Self.stripPixels - 1) / Self.stripPixels

    // [N, 3, C]: mean, scale and shift of each channel.
    let affine = Tensor([batch, 3, channels]) { affine in
      let moments = moments(x, batch: batch, pixels: pixels, channels: channels, strips: strips, table: table)
      for n in 0..<batch {
        fold(
          moments, image: n, strips: strips, pixels: pixels, centres: x, scaleShift: scaleShift,
          into: affine + n * 3 * channels)
      }
    }
    return x.withUnsafePointer { source in
      affine.withUnsafePointer { affine in
        Tensor(x.shape) { out in
          ThreadPool.shared.forEach(batch * strips) { item in
            let (n, strip) = item.quotientAndRemainder(dividingBy: strips)
            let first = strip * Self.stripPixels
            let offset = (n * pixels + first) * channels
            let mean = affine + n * 3 * channels
            table.normalize(
              source + offset, min(Self.stripPixels, pixels - first), channels, mean, mean + channels,
              mean + 2 * channels, silu, out + offset)
          }
        }
      }
    }
  }

  /// `[N, strips, 2, C]`: of each strip of pixels, each channel's sum and sum of squares about the picture's first pixel,
  /// which is near enough to the mean that nothing cancels.
  private func moments(
    _ x: Tensor, batch: Int, pixels: Int, channels: Int, strips: Int, table: KernelTable
  ) -> Tensor {
    x.withUnsafePointer { source in
      Tensor([batch, strips, 2, channels]) { moments in
        ThreadPool.shared.forEach(batch * strips) { item in
          let (n, strip) = item.quotientAndRemainder(dividingBy: strips)
          let picture = source + n * pixels * channels
          let first = strip * Self.stripPixels
          let sums = moments + item * 2 * channels
          table.channelMoments(
            picture + first * channels, min(Self.stripPixels, pixels - first), channels, picture, sums, sums + channels)
        }
      }
    }
  }

  /// Merges the moments of picture `image` into each group's mean and variance, in float64, and folds them with the
  /// layer's weight and bias and with `scaleShift` into what the kernel applies: (x - mean)·scale + shift.
  private func fold(
    _ moments: Tensor, image: Int, strips: Int, pixels: Int, centres: Tensor, scaleShift: Tensor?,
    into affine: UnsafeMutablePointer<Float>
  ) {
    let channels = weight.count
    let perGroup = channels / Self.groups
    for group in 0..<Self.groups {
      var means = 0.0
      var squares = 0.0
      var withinChannels = 0.0
      for c in group * perGroup..<(group + 1) * perGroup {
        var sum = 0.0
        var square = 0.0
        for strip in 0..<strips {
          let base = (image * strips + strip) * 2 * channels
          sum += Double(moments[base + c])
          square += Double(moments[base + channels + c])
        }
        let mean = Double(centres[image * pixels * channels + c]) + sum / Double(pixels)
        means += mean
        squares += mean * mean
        withinChannels += square - sum * sum / Double(pixels)
      }
      let mean = means / Double(perGroup)
      // Variance within the channels plus variance of the channels' means.
      let variance =
        withinChannels / Double(pixels * perGroup) + max(0, squares / Double(perGroup) - mean * mean)
      let inverse = 1 / (max(0, variance) + Self.epsilon).squareRoot()
      for c in group * perGroup..<(group + 1) * perGroup {
        var scale = inverse * Double(weight[c])
        var shift = Double(bias[c])
        if let scaleShift {
          let factor = 1 + Double(scaleShift[image * 2 * channels + c])
          scale *= factor
          shift = shift * factor + Double(scaleShift[image * 2 * channels + channels + c])
        }
        // What the mean loses when rounded to float32 matters where it is large: the shift takes it up.
        let rounded = Float(mean)
        affine[c] = rounded
        affine[channels + c] = Float(scale)
        affine[2 * channels + c] = Float(shift + (Double(rounded) - mean) * scale)
      }
    }
  }
}
