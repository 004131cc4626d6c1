/// The backward pass of group normalisation, scale and shift, and SiLU. With z = γ·x̂ + β, x̂ = (x - µ)·r and r = 1 /
/// √(variance + ε), dx = r·(γ·dz - mean(γ·dz) - x̂·mean(γ·dz·x̂)), the means being over a group's elements.
struct NormalizationGradient {
  let layer: GroupNormalization
  /// `[N, 3, C]`: µ, r·γ and the shift.
  let affine: Tensor
  let silu: Bool
  /// `[N, groups]`: r.
  let inverses: Tensor
  let batch: Int
  let pixels: Int

  /// Pixels whose products are summed in float32 before they are added up in float64.
  private static let stripPixels = 256

  private var channels: Int { layer.channels }

  /// The gradients of the concatenated parts and of `scaleShift`, `[N, 2C]`, given that of the result, which is
  /// overwritten. Those of the layer's parameters are added to their variables.
  func gradients(
    _ gradient: inout Tensor, parts: [Tensor], scaleShift: Tensor?, adding sums: inout [Tensor?]
  ) -> FusedInput.Gradients {
    LayerProfile.measure({ "gradient of group normalisation, \(channels), \(pixels) pixels" }) {
      // [N, 2, C]: the gradients of γ and β for each picture.
      var slopes = Tensor(uninitialized: [batch, 2, channels])
      let hasSum = sums.map { $0 != nil }
      // The sums are overwritten, so nothing else may hold a reference to them.
      var outputs = zip(parts, sums).map { part, sum in sum ?? Tensor(uninitialized: part.shape) }
      sums = []
      apply(&gradient, parts, hasSum: hasSum, &outputs, &slopes)
      return FusedInput.Gradients(parts: outputs, scaleShift: parameterGradients(slopes, scaleShift))
    }
  }

  private func apply(
    _ gradient: inout Tensor, _ parts: [Tensor], hasSum: [Bool], _ outputs: inout [Tensor], _ slopes: inout Tensor
  ) {
    let outputAddresses = outputs.indices.map { i in outputs[i].withUnsafeMutablePointer { Address($0) } }
    let partAddresses = parts.map { $0.withUnsafePointer { Address(UnsafeMutablePointer(mutating: $0)) } }
    let widths = parts.map { $0.shape[$0.shape.count - 1] }
    // The addresses stay valid: nothing else refers to the tensors or writes to them.
    withExtendedLifetime((outputs, parts)) {
      gradient.withUnsafeMutablePointer { gradient in
        slopes.withUnsafeMutablePointer { slopes in
          affine.withUnsafePointer { affine in
            inverses.withUnsafePointer { inverses in
              ThreadPool.shared.forEach(batch, scratch: 8 * channels) { n, scratch in
                let picture = Picture(
                  gradient: gradient + n * pixels * channels, affine: affine + n * 3 * channels,
                  inverses: inverses + n * layer.groups, slopes: slopes + n * 2 * channels)
                var channel = 0
                for (i, width) in widths.enumerated() {
                  sumUp(picture, partAddresses[i].pointer + n * pixels * width, width, channel, scratch)
                  channel += width
                }
                foldGroups(picture, scratch)
                channel = 0
                for (i, width) in widths.enumerated() {
                  let first = n * pixels * width
                  let mean = picture.affine + channel
                  KernelChoice.current.gradients.normalizeInput(
                    .init(partAddresses[i].pointer + first, stride: width), pixels, width,
                    .init(
                      mean: mean, scale: mean + channels, slope: scratch + channel,
                      offset: scratch + channels + channel), .init(picture.gradient + channel, stride: channels),
                    hasSum[i], outputAddresses[i].pointer + first)
                  channel += width
                }
              }
            }
          }
        }
      }
    }
  }

  private struct Address: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    init(_ pointer: UnsafeMutablePointer<Float>) { self.pointer = pointer }
  }

  /// The memory that belongs to one picture.
  private struct Picture {
    let gradient: UnsafeMutablePointer<Float>
    let affine: UnsafePointer<Float>
    let inverses: UnsafePointer<Float>
    let slopes: UnsafeMutablePointer<Float>
  }

  /// Turns the gradient into dz in the channels of one part, and writes the sums of dz and of dz·(x - µ) to the
  /// picture's slopes, the latter in the place of γ's.
  private func sumUp(
    _ picture: Picture, _ x: UnsafePointer<Float>, _ width: Int, _ channel: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let mean = picture.affine + channel
    // The float64 sums are behind the float32 sums of a strip.
    let totals = UnsafeMutableRawPointer(scratch + 4 * channels).assumingMemoryBound(to: Double.self)
    for i in 0..<2 * width { totals[i] = 0 }
    let (strip, products) = (scratch + 2 * channels, scratch + 3 * channels)
    for first in stride(from: 0, to: pixels, by: Self.stripPixels) {
      KernelChoice.current.gradients.normalizeMoments(
        .init(x + first * width, stride: width), min(Self.stripPixels, pixels - first), width,
        .init(mean: mean, scale: mean + channels, shift: mean + 2 * channels), silu,
        .init(picture.gradient + first * channels + channel, stride: channels), .init(sums: strip, products: products))
      for c in 0..<width {
        totals[c] += Double(strip[c])
        totals[width + c] += Double(products[c])
      }
    }
    for c in 0..<width {
      picture.slopes[channel + c] = Float(totals[width + c])
      picture.slopes[channels + channel + c] = Float(totals[c])
    }
  }

  /// From the sums, writes each channel's factor of (x - µ) and offset to `scratch`, `[2, C]`, and turns the sums into
  /// the gradients of γ and β.
  private func foldGroups(_ picture: Picture, _ scratch: UnsafeMutablePointer<Float>) {
    let perGroup = channels / layer.groups
    let elements = Double(pixels * perGroup)
    for group in 0..<layer.groups {
      let inverse = Double(picture.inverses[group])
      let range = group * perGroup..<(group + 1) * perGroup
      // Σ r·γ·dz and Σ r·γ·dz·(x - µ).
      var (sum, product) = (0.0, 0.0)
      for c in range {
        let scale = Double(picture.affine[channels + c])
        sum += scale * Double(picture.slopes[channels + c])
        product += scale * Double(picture.slopes[c])
      }
      let slope = Float(-product * inverse * inverse / elements)
      let offset = Float(-sum / elements)
      for c in range {
        scratch[c] = slope
        scratch[channels + c] = offset
        picture.slopes[c] = Float(Double(picture.slopes[c]) * inverse)
      }
    }
  }

  /// Adds to the gradients of the weight w and the bias b, where γ = w·(1 + scale) and β = b·(1 + scale) + shift;
  /// returns those of the scales and shifts.
  private func parameterGradients(_ slopes: Tensor, _ scaleShift: Tensor?) -> Tensor? {
    let (weight, bias) = layer.parameters.value
    let weightGradient = Tensor(zeros: [channels])
    let biasGradient = Tensor(zeros: [channels])
    let scaleShiftGradient = scaleShift.map { Tensor(uninitialized: $0.shape) }
    for n in 0..<batch {
      for c in 0..<channels {
        let gamma = slopes.storage.pointer[n * 2 * channels + c]
        let beta = slopes.storage.pointer[(n * 2 + 1) * channels + c]
        let factor = 1 + (scaleShift.map { $0.storage.pointer[n * 2 * channels + c] } ?? 0)
        weightGradient.storage.pointer[c] += factor * gamma
        biasGradient.storage.pointer[c] += factor * beta
        if let target = scaleShiftGradient?.storage.pointer {
          target[n * 2 * channels + c] = weight.storage.pointer[c] * gamma + bias.storage.pointer[c] * beta
          target[(n * 2 + 1) * channels + c] = beta
        }
      }
    }
    if let variables = layer.variables, !variables.weight.isFrozen {
      variables.weight.addToGradient(weightGradient)
      variables.bias.addToGradient(biasGradient)
    }
    return scaleShiftGradient
  }
}
