extension Tensor {
  /// x · σ(x), elementwise (Elfwing et al. 2017).
  public func silu() -> Tensor {
    let table = KernelChoice.current
    return withUnsafePointer { source in
      Tensor(shape) { out in
        Tensor.forStrips(of: count) { table.silu(source + $0, $1, out + $0) }
      }
    }.recorded(recordedName != nil, as: .silu(self))
  }

  /// The elementwise sum of two activations of one shape.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    precondition(a.shape == b.shape, "cannot add \(b.shape) to \(a.shape)")
    let table = KernelChoice.current
    return a.withUnsafePointer { left in
      b.withUnsafePointer { right in
        Tensor(a.shape) { out in
          forStrips(of: a.count) { table.add(left + $0, right + $0, $1, out + $0) }
        }
      }
    }.recorded(
      a.recordedName != nil || b.recordedName != nil, as: .sum(a.recordedName, b.recordedName))
  }

  /// exp(x) / Σ exp(x) over the last dimension.
  public func softmax() -> Tensor {
    let length = shape.last ?? 1
    precondition(length > 0, "there is no softmax of a tensor of shape \(shape)")
    let table = KernelChoice.current
    return withUnsafePointer { source in
      Tensor(shape) { out in
        ThreadPool.shared.forEach(count / length) { row in
          (out + row * length).update(from: source + row * length, count: length)
          table.softmax(out + row * length, length)
        }
      }
    }
  }

  /// Adds `offsets`, `[N, C]`, to every pixel of a channels-last activation `[N, spatial…, C]`.
  public func addingToChannels(_ offsets: Tensor) -> Tensor {
    let (batch, channels) = (shape[0], shape[shape.count - 1])
    precondition(offsets.shape == [batch, channels], "cannot add \(offsets.shape) to the channels of \(shape)")
    let table = KernelChoice.current
    let size = shape[1..<shape.count - 1]
    let pixels = size.reduce(1, *)
    // A picture has many pixels, and a batch may have one picture.
    let strip = max(1, Self.strip / max(1, channels))
    let strips = (pixels + strip - 1) / strip
    return LayerProfile.measure({ "adding to channels, \(channels), \(sizeText(size))" }) {
      withUnsafePointer { source in
        offsets.withUnsafePointer { offsets in
          Tensor(shape) { out in
            ThreadPool.shared.forEach(batch * strips) { item in
              let (n, part) = item.quotientAndRemainder(dividingBy: strips)
              for p in n * pixels + part * strip..<n * pixels + min(pixels, (part + 1) * strip) {
                table.add(source + p * channels, offsets + n * channels, channels, out + p * channels)
              }
            }
          }
        }
      }
    }.recorded(
      recordedName != nil || offsets.recordedName != nil, as: .sumOfChannels(recordedName, offsets.recordedName))
  }

  /// As many values as are worth a thread's time.
  static let strip = 16_384

  /// Calls `body(offset, count)`, in parallel, for strips long enough to be worth a thread's time.
  static func forStrips(of count: Int, _ body: (_ offset: Int, _ count: Int) -> Void) {
    ThreadPool.shared.forEach((count + strip - 1) / strip) { i in
      body(i * strip, min(strip, count - i * strip))
    }
  }
}
