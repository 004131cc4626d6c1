// Backward passes of operations without parameters.

extension Tensor {
  /// The gradient of this tensor, given that of its `silu()`.
  func siluGradient(_ gradient: Tensor) -> Tensor {
    let table = KernelChoice.current
    return withUnsafePointer { x in
      gradient.withUnsafePointer { gradient in
        Tensor(shape) { out in
          Tensor.forStrips(of: count) { table.gradients.silu(x + $0, gradient + $0, $1, out + $0) }
        }
      }
    }
  }

  /// The sum over each picture's pixels, which is the gradient of the offsets in `addingToChannels`: `[N, spatial…, C]`
  /// → `[N, C]`.
  func sumOfPicturePixels() -> Tensor {
    let channels = shape[shape.count - 1]
    let picture = count / (shape[0] * channels)
    let pixels = reshaped([shape[0], picture, channels])
    return Tensor.stacked((0..<shape[0]).map { pixels.rows($0..<$0 + 1).sumOfPixels().reshaped([1, channels]) })
  }

  /// The gradient of an activation of `shape`, given that of its `averagePooled()`.
  func averagePoolingGradient(shape: [Int]) -> Tensor {
    let (planes, height, width, channels) = Tensor.planesAndSize(shape)
    let scale = 1 / Float(height.factor * width.factor)
    return withUnsafePointer { source in
      Tensor(shape) { out in
        ThreadPool.shared.forEach(planes) { plane in
          for y in 0..<height.size {
            for x in 0..<width.size {
              let target = out + ((plane * height.size + y) * width.size + x) * channels
              let (row, column) = (y / height.factor, x / width.factor)
              if row < height.halved && column < width.halved {
                let pixel = source + ((plane * height.halved + row) * width.halved + column) * channels
                for c in 0..<channels { target[c] = pixel[c] * scale }
              } else {
                // An odd last line, which is in no average.
                target.update(repeating: 0, count: channels)
              }
            }
          }
        }
      }
    }
  }

  /// The gradient of an activation, given that of its nearest upsampling (`FusedInput.upsampledNearest`).
  func upsamplingGradient() -> Tensor {
    let (planes, height, width, channels) = Tensor.planesAndSize(shape)
    let table = KernelChoice.current
    let small =
      shape.count == 3
      ? [shape[0], width.halved, channels] : shape.dropLast(3) + [height.halved, width.halved, channels]
    return withUnsafePointer { source in
      Tensor(small) { out in
        ThreadPool.shared.forEach(planes) { plane in
          for y in 0..<height.halved {
            for x in 0..<width.halved {
              let target = out + ((plane * height.halved + y) * width.halved + x) * channels
              for dy in 0..<height.factor {
                let row = (plane * height.size + y * height.factor + dy) * width.size + x * width.factor
                let pixel = source + row * channels
                if dy == 0 {
                  table.add(pixel, pixel + channels, channels, target)
                } else {
                  table.add(target, pixel, channels, target)
                  table.add(target, pixel + channels, channels, target)
                }
              }
            }
          }
        }
      }
    }
  }

  /// The gradient of queries, keys and values, `[N, T, 3C]`, given that of their `attention`, `[N, T, C]`.
  func attentionGradient(_ gradient: Tensor, heads: Int, order: QKVOrder, scale: AttentionScale) -> Tensor {
    let (batch, length, width) = (shape[0], shape[1], shape[2])
    let channels = width / 3
    let depth = channels / heads
    let (headStride, partStride) = order == .byHead ? (3 * depth, depth) : (depth, channels)
    let divisor = scale.divisor(depth: depth, channels: channels)
    let kernels = KernelChoice.current.gradients
    return LayerProfile.measure({ "gradient of attention, \(heads) × \(depth), \(length) positions" }) {
      withUnsafePointer { source in
        gradient.withUnsafePointer { gradient in
          Tensor(shape) { out in
            ThreadPool.shared.forEach(batch * heads, scratch: kernels.attendScratch(length, depth)) { item, scratch in
              let (n, head) = item.quotientAndRemainder(dividingBy: heads)
              let first = n * length * width + head * headStride
              kernels.attend(
                .init(source + first, stride: width, partStride: partStride, divisor: divisor), length, depth,
                .init(gradient + n * length * channels + head * depth, stride: channels), scratch, out + first)
            }
          }
        }
      }
    }
  }

  /// The gradients of an activation of `shape`, `[N, T, C]`, and of the positional embeddings, `[C, T + 1]`, given that
  /// of `withMeanInFront`.
  func poolingTokensGradient(shape: [Int]) -> (activation: Tensor, places: Tensor) {
    let (batch, positions, channels) = (shape[0], shape[1], shape[2])
    let activation = withUnsafePointer { source in
      Tensor(shape) { out in
        for n in 0..<batch {
          let mean = source + n * (positions + 1) * channels
          for t in 0..<positions {
            for c in 0..<channels {
              out[(n * positions + t) * channels + c] =
                mean[(t + 1) * channels + c] + mean[c] / Float(positions)
            }
          }
        }
      }
    }
    let sum = reshaped([batch, (positions + 1) * channels]).sumOfPixels()
    return (
      activation, sum.reshaped([1, positions + 1, channels]).channelsFirst().reshaped([channels, positions + 1])
    )
  }

  /// The gradient of an activation of `shape`, `[N, T, C]`, given that of its `firstPositions()`.
  func firstPositionsGradient(shape: [Int]) -> Tensor {
    var whole = Tensor(zeros: shape)
    withUnsafePointer { source in
      whole.withUnsafeMutablePointer { out in
        for n in 0..<shape[0] {
          (out + n * shape[1] * shape[2]).update(from: source + n * shape[2], count: shape[2])
        }
      }
    }
    return whole
  }
}

extension Variable {
  /// Adds the gradients `terms`, `[N, D]`, of the rows `rows` to the table's gradient.
  func addToGradient(_ terms: Tensor, rows: [Int]) {
    let width = shape[1]
    addToGradient { sum, accumulates in
      if !accumulates { sum.update(repeating: 0, count: value.count) }
      terms.withUnsafePointer { terms in
        for (n, row) in rows.enumerated() {
          KernelChoice.current.add(terms + n * width, sum + row * width, width, sum + row * width)
        }
      }
    }
  }
}
