// Average pooling of channels-last activations, and interpolation of pictures; `FusedInput` upsamples activations. With
// three spatial dimensions the first keeps its size, as in the original.

extension Tensor {
  /// The mean of each 2×2 pixels (2 pixels of a sequence); an odd last row or column is dropped, as in PyTorch:
  /// `[N, H, W, C]` → `[N, ⌊H/2⌋, ⌊W/2⌋, C]`.
  public func averagePooled() -> Tensor {
    let (planes, height, width, channels) = Self.planesAndSize(shape)
    let (rows, columns) = (height.halved, width.halved)
    // Powers of two: weighting before adding rounds as scaling the sum does.
    let weights = [Float](
      repeating: 1 / Float(height.factor * width.factor), count: height.factor * width.factor)
    let kernels = KernelChoice.current.rows
    return LayerProfile.measure({ "average pooling, \(channels), \(sizeText([rows, columns]))" }) {
      withUnsafePointer { source in
        Tensor(resampledShape(rows: rows, columns: columns)) { out in
          ThreadPool.shared.forEach(planes * rows) { line in
            let (plane, y) = line.quotientAndRemainder(dividingBy: rows)
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: weights.count) { addresses in
              weights.withUnsafeBufferPointer { weights in
                guard let address = addresses.baseAddress, let weight = weights.baseAddress else { return }
                for x in 0..<columns {
                  for dy in 0..<height.factor {
                    let row = (plane * height.size + y * height.factor + dy) * width.size + x * width.factor
                    for dx in 0..<width.factor { address[dy * width.factor + dx] = source + (row + dx) * channels }
                  }
                  kernels.weightedSum(address, weight, weights.count, channels, out + (line * columns + x) * channels)
                }
              }
            }
          }
        }
      }
    }.recorded(recordedName != nil, as: .averagePooling(recordedName, shape: shape))
  }

  /// A dimension and the factor it is resampled by: 2, or 1 for the missing height of a sequence.
  struct Dimension {
    let size: Int
    let factor: Int
    var halved: Int { size / factor }
  }

  static func planesAndSize(_ shape: [Int]) -> (planes: Int, height: Dimension, width: Dimension, channels: Int) {
    precondition((3...5).contains(shape.count), "\(shape) is not the shape of an activation")
    let width = Dimension(size: shape[shape.count - 2], factor: 2)
    let isSequence = shape.count == 3
    let height = isSequence ? Dimension(size: 1, factor: 1) : Dimension(size: shape[shape.count - 3], factor: 2)
    let planes = shape.dropLast(isSequence ? 2 : 3).reduce(1, *)
    return (planes, height, width, shape[shape.count - 1])
  }

  private func resampledShape(rows: Int, columns: Int) -> [Int] {
    shape.count == 3
      ? [shape[0], columns, shape[2]] : shape.dropLast(3) + [rows, columns, shape[shape.count - 1]]
  }
}

extension Tensor {
  /// Bilinear interpolation of pictures: `[N, C, h, w]` → `[N, C, height, width]`, as
  /// `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`. Shrinking does not average.
  public func bilinear(height: Int, width: Int) -> Tensor {
    precondition(shape.count == 4 && shape[2] > 0 && shape[3] > 0, "\(shape) is not the shape of pictures")
    precondition(height > 0 && width > 0, "pictures cannot have the size \(height)×\(width)")
    let rows = neighbours(from: shape[2], to: height)
    let columns = neighbours(from: shape[3], to: width)
    return withUnsafePointer { source in
      Tensor([shape[0], shape[1], height, width]) { out in
        for plane in 0..<shape[0] * shape[1] {
          for (y, row) in rows.enumerated() {
            let first = source + (plane * shape[2] + row.first) * shape[3]
            let second = source + (plane * shape[2] + row.second) * shape[3]
            let target = out + (plane * height + y) * width
            for (x, column) in columns.enumerated() {
              let above = (1 - column.fraction) * first[column.first] + column.fraction * first[column.second]
              let below = (1 - column.fraction) * second[column.first] + column.fraction * second[column.second]
              target[x] = (1 - row.fraction) * above + row.fraction * below
            }
          }
        }
      }
    }
  }
}

extension Tensor {
  /// Shrinks square pictures by an integer factor, averaging squares of pixels: `[N, C, H, W]` → `[N, C, side, side]`,
  /// as `torch.nn.functional.interpolate(mode="area")`.
  public func averagedDown(toSide side: Int) -> Tensor {
    precondition(
      shape.count == 4 && side > 0 && shape[2] % side == 0 && shape[3] == shape[2],
      "pictures of shape \(shape) cannot be averaged to a side of \(side)")
    let (size, factor) = (shape[2], shape[2] / side)
    return withUnsafePointer { source in
      Tensor([shape[0], shape[1], side, side]) { out in
        for plane in 0..<shape[0] * shape[1] {
          for y in 0..<side {
            for x in 0..<side {
              var sum: Float = 0
              for dy in 0..<factor {
                let line = source + (plane * size + y * factor + dy) * size + x * factor
                for dx in 0..<factor { sum += line[dx] }
              }
              out[(plane * side + y) * side + x] = sum / Float(factor * factor)
            }
          }
        }
      }
    }
  }
}

/// For each of `target` positions along a dimension of `source` positions, the two neighbours and the weight of the
/// second. Positions beyond the outermost centres take the value there.
private func neighbours(from source: Int, to target: Int) -> [(first: Int, second: Int, fraction: Float)] {
  // In float32, as in PyTorch, for bit-identical weights.
  let scale = Float(source) / Float(target)
  return (0..<target).map { i in
    let place = max(0, (Float(i) + 0.5) * scale - 0.5)
    let first = min(Int(place), source - 1)
    return (first, min(first + 1, source - 1), min(place - Float(first), 1))
  }
}
