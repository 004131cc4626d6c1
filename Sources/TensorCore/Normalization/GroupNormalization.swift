/// Group normalisation (Wu & He 2018): each group of channels of each picture is normalised to mean 0 and variance 1,
/// then scaled and shifted per channel.
public struct GroupNormalization: Sendable {
  /// The number of groups.
  public let groups: Int
  /// Added to the variance.
  public let epsilon: Double
  /// Pixels whose moments are summed in float32 before they are added up in float64; also the unit of work of a thread.
  private static let stripPixels = 256

  let channels: Int
  let parameters: Lazy<(weight: Tensor, bias: Tensor)>
  /// The parameters, if gradients are needed.
  let variables: (weight: Variable, bias: Variable)?

  /// A layer of `weight` and `bias`, both `[C]`, with C a multiple of `groups`. The original's `normalization` has 32
  /// groups and ε = 10⁻⁵.
  public init(weight: Parameter, bias: Parameter, groups: Int = 32, epsilon: Double = 1e-5) {
    precondition(
      weight.shape.count == 1 && weight.shape == bias.shape && weight.shape[0] % groups == 0,
      "normalisation in \(groups) groups cannot have a weight of shape \(weight.shape), bias \(bias.shape)"
    )
    (self.groups, self.epsilon) = (groups, epsilon)
    channels = weight.shape[0]
    parameters = Lazy(of: weight, bias) { (weight.tensor(), bias.tensor()) }
    if let weight = weight.variable, let bias = bias.variable { variables = (weight, bias) } else { variables = nil }
  }

  /// A layer of weights that are already in memory.
  public init(weight: Tensor, bias: Tensor, groups: Int = 32, epsilon: Double = 1e-5) {
    self.init(weight: Parameter(weight), bias: Parameter(bias), groups: groups, epsilon: epsilon)
  }

  /// Normalises `x`, `[N, spatial…, C]`.
  ///
  /// - Parameters:
  ///   - x: activations, channels last.
  ///   - scaleShift: `[N, 2C]`, scale then shift: the result is norm(x)·(1 + scale) + shift (Dhariwal &
  ///     Nichol 2021, AdaGN).
  ///   - silu: whether SiLU follows, in the same pass.
  public func callAsFunction(_ x: Tensor, scaleShift: Tensor? = nil, silu: Bool) -> Tensor {
    self(FusedInput(x), scaleShift: scaleShift, silu: silu).tensor()
  }

  /// Normalises `input`, `[N, spatial…, C]`, lazily: only its moments are computed here. The parameters are as above.
  public func callAsFunction(_ input: FusedInput, scaleShift: Tensor? = nil, silu: Bool) -> FusedInput {
    let batch = input.shape[0]
    precondition(
      channels == input.channels, "a normalisation of \(channels) channels cannot take \(input.shape)")
    precondition(
      scaleShift == nil || scaleShift?.shape == [batch, 2 * channels],
      "\(input.shape) cannot be scaled and shifted by \(scaleShift?.shape ?? [])")
    precondition(
      input.normalization == nil && !input.isUpsampled, "only an activation or two concatenated ones can be normalised")
    guard input.isInBlocks || input.parts.count == 1 else {
      return self(FusedInput(input.tensor()), scaleShift: scaleShift, silu: silu)
    }
    let pixels = input.shape[1..<input.shape.count - 1].reduce(1, *)
    let size = input.shape[1..<input.shape.count - 1]
    return LayerProfile.measure({ "group normalisation, \(channels), \(sizeText(size))" }) {
      let moments = moments(input, batch: batch, pixels: pixels)
      let (weight, bias) = parameters.value
      var inverses = Tensor(uninitialized: [batch, groups])
      // [N, 3, C]: mean, scale and shift of each channel.
      let affine = inverses.withUnsafeMutablePointer { inverses in
        Tensor([batch, 3, channels]) { affine in
          ThreadPool.shared.forEach(batch) { n in
            fold(
              moments, weight, bias, picture: n, pixels: pixels, scaleShift: scaleShift,
              into: affine + n * 3 * channels, inverses: inverses + n * groups)
          }
        }
      }
      let source =
        GradientTape.ifAny == nil
        ? nil : FusedInput.NormalizationSource(layer: self, inverses: inverses, scaleShift: scaleShift)
      return FusedInput(parts: input.parts, normalization: .init(affine: affine, silu: silu, source: source))
    }
  }

  /// Sums over a picture's pixels, about a centre near the mean to avoid cancellation.
  private struct Moments {
    /// `[N, C]`: each picture's first pixel.
    let centres: Tensor
    /// `[N, strips, 2, C]`: for each strip of pixels, each channel's sum and sum of squares about the centre.
    let sums: Tensor
    var strips: Int { sums.shape[1] }
  }

  private func moments(_ input: FusedInput, batch: Int, pixels: Int) -> Moments {
    let table = KernelChoice.current
    let strips = (pixels + Self.stripPixels - 1) / Self.stripPixels
    var centres = Tensor(uninitialized: [batch, channels])
    var sums = Tensor(uninitialized: [batch, strips, 2, channels])
    var channel = 0
    for part in input.parts {
      let width = part.shape[part.shape.count - 1]
      part.withUnsafePointer { source in
        centres.withUnsafeMutablePointer { centres in
          for n in 0..<batch {
            (centres + n * channels + channel).update(from: source + n * pixels * width, count: width)
          }
        }
        sums.withUnsafeMutablePointer { sums in
          let sums = sums + channel
          ThreadPool.shared.forEach(batch * strips) { item in
            let (n, strip) = item.quotientAndRemainder(dividingBy: strips)
            let picture = source + n * pixels * width
            let first = strip * Self.stripPixels
            table.channelMoments(
              picture + first * width, min(Self.stripPixels, pixels - first), width, picture,
              sums + item * 2 * channels,
              sums + (item * 2 + 1) * channels)
          }
        }
      }
      channel += width
    }
    return Moments(centres: centres, sums: sums)
  }

  /// Merges the moments of a picture into each group's mean and variance, in float64, and folds these, the layer's
  /// weight and bias, and `scaleShift` into the kernel's (x - mean)·scale + shift. Also writes each group's 1 /
  /// √(variance + ε).
  private func fold(
    _ moments: Moments, _ weight: Tensor, _ bias: Tensor, picture: Int, pixels: Int, scaleShift: Tensor?,
    into affine: UnsafeMutablePointer<Float>, inverses: UnsafeMutablePointer<Float>
  ) {
    let perGroup = channels / groups
    moments.sums.withUnsafePointer { sums in
      moments.centres.withUnsafePointer { centres in
        weight.withUnsafePointer { weight in
          bias.withUnsafePointer { bias in
            scaleShift.withUnsafePointerIfAny { scaleShift in
              for group in 0..<groups {
                let range = group * perGroup..<(group + 1) * perGroup
                let (mean, variance) = statistics(
                  range, centres + picture * channels, sums + picture * moments.strips * 2 * channels, moments.strips,
                  pixels: pixels)
                let inverse = 1 / (variance + epsilon).squareRoot()
                inverses[group] = Float(inverse)
                for c in range {
                  var scale = inverse * Double(weight[c])
                  var shift = Double(bias[c])
                  if let scaleShift {
                    let factor = 1 + Double(scaleShift[picture * 2 * channels + c])
                    scale *= factor
                    shift = shift * factor + Double(scaleShift[picture * 2 * channels + channels + c])
                  }
                  // The shift compensates for rounding the mean to float32, which matters if the mean is large.
                  let rounded = Float(mean)
                  affine[c] = rounded
                  affine[channels + c] = Float(scale)
                  affine[2 * channels + c] = Float(shift + (Double(rounded) - mean) * scale)
                }
              }
            }
          }
        }
      }
    }
  }

  /// The mean and variance of a group of channels of one picture.
  private func statistics(
    _ group: Range<Int>, _ centres: UnsafePointer<Float>, _ sums: UnsafePointer<Float>, _ strips: Int, pixels: Int
  ) -> (mean: Double, variance: Double) {
    let perPixel = 1 / Double(pixels)
    var (means, squares, withinChannels) = (0.0, 0.0, 0.0)
    for c in group {
      var (sum, square) = (0.0, 0.0)
      for strip in 0..<strips {
        sum += Double(sums[strip * 2 * channels + c])
        square += Double(sums[strip * 2 * channels + channels + c])
      }
      let mean = Double(centres[c]) + sum * perPixel
      means += mean
      squares += mean * mean
      withinChannels += square - sum * sum * perPixel
    }
    let perChannel = 1 / Double(group.count)
    let mean = means * perChannel
    // The variance within the channels plus the variance of the channels' means.
    return (mean, max(0, withinChannels * perPixel * perChannel + max(0, squares * perChannel - mean * mean)))
  }
}
