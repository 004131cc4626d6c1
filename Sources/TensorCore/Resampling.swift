// Averaging of channels-last activations; enlarging is part of `LayerInput`. With three spatial dimensions the first keeps
// its size, as in the original.

extension Tensor {
  /// The mean of each 2×2 pixels (2 pixels of a sequence); an odd last row or column is dropped, as PyTorch does:
  /// `[N, H, W, C]` → `[N, ⌊H/2⌋, ⌊W/2⌋, C]`.
  public func averagePooled() -> Tensor {
    let (planes, height, width, channels) = planesAndSize()
    let (rows, columns) = (height.halved, width.halved)
    let share = 1 / Float(height.factor * width.factor)
    return withUnsafePointer { source in
      Tensor(resampledShape(rows: rows, columns: columns)) { out in
        ThreadPool.shared.forEach(planes) { plane in
          for y in 0..<rows {
            for x in 0..<columns {
              let target = out + ((plane * rows + y) * columns + x) * channels
              for c in 0..<channels {
                var sum: Float = 0
                for dy in 0..<height.factor {
                  let row = (plane * height.size + y * height.factor + dy) * width.size + x * width.factor
                  for dx in 0..<width.factor { sum += source[(row + dx) * channels + c] }
                }
                target[c] = sum * share
              }
            }
          }
        }
      }
    }
  }

  /// A dimension and the factor it is resampled by: 2, or 1 for the height that a sequence does not have.
  private struct Dimension {
    let size: Int
    let factor: Int
    var halved: Int { size / factor }
  }

  private func planesAndSize() -> (planes: Int, height: Dimension, width: Dimension, channels: Int) {
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
