extension Tensor {
  /// Pictures in the UNet's layout: `[N, C, spatial…]` → `[N, spatial…, C]`.
  public func channelsLast() -> Tensor {
    precondition(shape.count >= 3, "\(shape) is not the shape of pictures")
    let (channels, size) = (shape[1], Array(shape.dropFirst(2)))
    return transposed(rows: channels, columns: size.reduce(1, *), to: [shape[0]] + size + [channels])
      .recorded(recordedName != nil, as: .channelsLast(recordedName))
  }

  /// The inverse: `[N, spatial…, C]` → `[N, C, spatial…]`.
  public func channelsFirst() -> Tensor {
    precondition(shape.count >= 3, "\(shape) is not the shape of pictures")
    let (channels, size) = (shape[shape.count - 1], Array(shape[1..<shape.count - 1]))
    return transposed(rows: size.reduce(1, *), columns: channels, to: [shape[0], channels] + size)
      .recorded(recordedName != nil, as: .channelsFirst(recordedName))
  }

  /// Each of the `shape[0]` matrices `[rows, columns]` transposed.
  private func transposed(rows: Int, columns: Int, to target: [Int]) -> Tensor {
    withUnsafePointer { source in
      Tensor(target) { out in
        for n in 0..<shape[0] {
          let base = n * rows * columns
          for r in 0..<rows {
            for c in 0..<columns { out[base + c * rows + r] = source[base + r * columns + c] }
          }
        }
      }
    }
  }
}
