/// The gradient of the input of a convolution with kernel 3×3 and stride 2, given that of its output. Only some of the
/// taps read an input pixel: along each dimension two if it is between two positions of the kernel's centre, otherwise
/// one. So there are four kinds of pixels, and for each a product with the taps that read it.
struct Stride2InputGradient: Sendable {
  /// By the parity of the tap's row, then of its column.
  private let weights: [PackedWeights]

  /// - Parameter weight: `[O, I, 3, 3]`.
  init(_ weight: Tensor) {
    weights = (0..<4).map { kind in
      PackedWeights(
        transposing: weight,
        taps: Self.taps(parity: kind / 2).flatMap { y in Self.taps(parity: kind % 2).map { 3 * y + $0 } })
    }
  }

  private static func taps(parity: Int) -> [Int] { parity == 0 ? [0, 2] : [1] }

  /// The gradient of an input of shape `shape`, `[N, H, W, I]`, with `before` zeros of padding before the first pixel,
  /// given that of the output, `[N, H', W', O]`; plus `sum`.
  func inputGradient(_ gradient: Tensor, shape: [Int], before: Int, adding sum: Tensor?) -> Tensor {
    let channels = shape[3]
    return gradient.withUnsafePointer { source in
      sum.withUnsafePointerIfAny { sum in
        Tensor(shape) { out in
          for kind in 0..<4 {
            let rows = Places(parity: kind / 2, size: shape[1], output: gradient.shape[1], before: before)
            let columns = Places(parity: kind % 2, size: shape[2], output: gradient.shape[2], before: before)
            let part = product(weights[kind], source, gradient.shape, rows, columns)
            part.withUnsafePointer { part in
              scatter(part, sum, into: out, shape, rows, columns, channels)
            }
          }
        }
      }
    }
  }

  /// The positions along a dimension that taps of one parity read.
  private struct Places {
    let first: Int
    let count: Int
    let taps: [Int]
    let before: Int
    let output: Int

    init(parity: Int, size: Int, output: Int, before: Int) {
      // Tap k of output (p + before - k) / 2 reads position p.
      first = (parity + before) % 2
      count = (size - first + 1) / 2
      taps = Stride2InputGradient.taps(parity: parity)
      (self.before, self.output) = (before, output)
    }

    /// The output that reads position number `number` through a tap; nil outside.
    func reader(_ number: Int, _ tap: Int) -> Int? {
      let place = first + 2 * number + before - tap
      return place >= 0 && place / 2 < output ? place / 2 : nil
    }
  }

  /// `[N, rows, columns, I]`.
  private func product(
    _ weights: PackedWeights, _ source: UnsafePointer<Float>, _ output: [Int], _ rows: Places, _ columns: Places
  ) -> Tensor {
    weights.zeros.withUnsafePointer { zeros in
      Tensor([output[0], rows.count, columns.count, weights.columns]) { out in
        implicitGEMM(
          rowCount: output[0] * rows.count * columns.count, weights: weights, out: out, outStride: weights.columns
        ) { pixels, addresses, _ in
          for pixel in pixels {
            let (line, x) = pixel.quotientAndRemainder(dividingBy: columns.count)
            let (n, y) = line.quotientAndRemainder(dividingBy: rows.count)
            var target = addresses + (pixel - pixels.lowerBound)
            for kh in rows.taps {
              let row = rows.reader(y, kh)
              for kw in columns.taps {
                if let row, let column = columns.reader(x, kw) {
                  target.pointee = source + ((n * output[1] + row) * output[2] + column) * output[3]
                } else {
                  target.pointee = zeros
                }
                target += pixels.count
              }
            }
          }
        }
      }
    }
  }

  /// Writes the pixels of one kind to their places, adding `sum` if there is one.
  private func scatter(
    _ part: UnsafePointer<Float>, _ sum: UnsafePointer<Float>?, into out: UnsafeMutablePointer<Float>, _ shape: [Int],
    _ rows: Places, _ columns: Places, _ channels: Int
  ) {
    let table = KernelChoice.current
    ThreadPool.shared.forEach(shape[0] * rows.count) { item in
      let (n, y) = item.quotientAndRemainder(dividingBy: rows.count)
      let line = ((n * shape[1] + rows.first + 2 * y) * shape[2] + columns.first) * channels
      let source = part + item * columns.count * channels
      if let sum {
        for x in 0..<columns.count {
          let place = line + 2 * x * channels
          table.add(source + x * channels, sum + place, channels, out + place)
        }
      } else {
        table.packing.copyRows(source, channels, columns.count, channels, out + line, 2 * channels)
      }
    }
  }
}
