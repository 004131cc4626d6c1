// Arithmetic for samplers and tests: a few passes over one picture per step, so plain loops are fast enough. The UNet's
// own elementwise operations (SiLU, residual sums) use kernels.

extension Tensor {
  /// `f` applied to every element.
  public func map(_ f: (Float) -> Float) -> Tensor {
    withUnsafePointer { source in
      Tensor(shape) { target in
        for i in 0..<count { target[i] = f(source[i]) }
      }
    }
  }

  /// `f` applied to every pair of elements of two tensors of the same shape.
  public func zip(_ other: Tensor, _ f: (Float, Float) -> Float) -> Tensor {
    precondition(shape == other.shape, "shapes differ: \(shape) and \(other.shape)")
    return withUnsafePointer { a in
      other.withUnsafePointer { b in
        Tensor(shape) { target in
          for i in 0..<count { target[i] = f(a[i], b[i]) }
        }
      }
    }
  }

  /// The entries `range` of the first dimension: `[N, …]` → `[range.count, …]`.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(
      !shape.isEmpty && range.lowerBound >= 0 && range.upperBound <= shape[0],
      "rows \(range) of a tensor of shape \(shape)")
    let stride = shape.dropFirst().reduce(1, *)
    return withUnsafePointer { source in
      Tensor([range.count] + shape.dropFirst()) { target in
        target.update(from: source + range.lowerBound * stride, count: range.count * stride)
      }
    }
  }

  /// The channels `range` of a picture: `[N, C, …]` → `[N, range.count, …]`.
  public func channels(_ range: Range<Int>) -> Tensor {
    precondition(
      shape.count >= 2 && range.lowerBound >= 0 && range.upperBound <= shape[1],
      "channels \(range) of a tensor of shape \(shape)")
    let pixels = shape.dropFirst(2).reduce(1, *)
    return withUnsafePointer { source in
      Tensor([shape[0], range.count] + shape.dropFirst(2)) { target in
        for n in 0..<shape[0] {
          (target + n * range.count * pixels).update(
            from: source + (n * shape[1] + range.lowerBound) * pixels, count: range.count * pixels)
        }
      }
    }
  }

  /// The channels of two pictures, concatenated: `[N, A, …]`, `[N, B, …]` → `[N, A + B, …]`.
  public func joiningChannels(_ other: Tensor) -> Tensor {
    precondition(
      shape.count >= 2 && shape.count == other.shape.count && shape[0] == other.shape[0]
        && shape.dropFirst(2) == other.shape.dropFirst(2),
      "cannot concatenate the channels of \(shape) and \(other.shape)")
    let (mine, others) = (count / max(1, shape[0]), other.count / max(1, shape[0]))
    return withUnsafePointer { a in
      other.withUnsafePointer { b in
        Tensor([shape[0], shape[1] + other.shape[1]] + shape.dropFirst(2)) { target in
          for n in 0..<shape[0] {
            (target + n * (mine + others)).update(from: a + n * mine, count: mine)
            (target + n * (mine + others) + mine).update(from: b + n * others, count: others)
          }
        }
      }
    }
  }

  /// The entries `rows` of the first dimension, in that order, with repetitions: `[N, …]` → `[rows.count, …]`.
  public func gatheringRows(_ rows: [Int]) -> Tensor {
    precondition(
      !shape.isEmpty && rows.allSatisfy { $0 >= 0 && $0 < shape[0] }, "rows \(rows) of a tensor of shape \(shape)")
    let stride = shape.dropFirst().reduce(1, *)
    return withUnsafePointer { source in
      Tensor([rows.count] + shape.dropFirst()) { target in
        for (i, row) in rows.enumerated() {
          (target + i * stride).update(from: source + row * stride, count: stride)
        }
      }
    }
  }

  /// Tensors concatenated along their first dimension: `[A, …]`, `[B, …]` → `[A + B, …]`.
  public static func stacked(_ parts: [Tensor]) -> Tensor {
    precondition(!parts.isEmpty, "there is nothing to stack")
    let rest = parts[0].shape.dropFirst()
    precondition(
      parts.allSatisfy { $0.shape.dropFirst() == rest }, "cannot stack shapes \(parts.map(\.shape))")
    return Tensor([parts.reduce(0) { $0 + $1.shape[0] }] + rest) { target in
      var offset = 0
      for part in parts {
        part.withUnsafePointer { (target + offset).update(from: $0, count: part.count) }
        offset += part.count
      }
    }
  }
}
