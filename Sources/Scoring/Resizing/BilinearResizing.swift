import DiffusionImages

/// Bilinear interpolation of a picture of bytes, without averaging when it shrinks, in the order of operations of one
/// of two code bases.
struct BilinearResizing {
  /// Whose interpolation it is.
  enum Kind {
    /// `ResizeBilinear` of TensorFlow 1 with `align_corners=False`: pixel i lies at i, not at i + ½, so that pictures
    /// move by up to half a pixel. a + (b - a) · t.
    case tensorFlow
    /// `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`: (1 - t) · a + t · b.
    case torch
  }

  /// The two input rows or columns of an output one, and the weight of the second.
  private struct Taps {
    let first: Int
    let second: Int
    let weight: Float
  }

  let kind: Kind
  /// What a byte counts: 0 to 255, or a range in which the original interpolates.
  let value: @Sendable (UInt8) -> Float

  private func taps(from source: Int, to target: Int) -> [Taps] {
    // In float32, as the originals.
    let scale = Float(source) / Float(target)
    return (0..<target).map { i in
      let place =
        switch kind {
        case .tensorFlow: Float(i) * scale
        case .torch: max(0, (Float(i) + 0.5) * scale - 0.5)
        }
      let first = min(Int(place), source - 1)
      return Taps(first: first, second: min(first + 1, source - 1), weight: min(place - Float(first), 1))
    }
  }

  @inline(__always) private func between(_ a: Float, _ b: Float, _ weight: Float) -> Float {
    switch kind {
    case .tensorFlow: a + (b - a) * weight
    case .torch: (1 - weight) * a + weight * b
    }
  }

  /// Writes `picture`, of 1 or 3 channels, as `[side, side, 3]`; grey is repeated.
  func callAsFunction(_ picture: Picture, side: Int, into out: UnsafeMutablePointer<Float>) {
    let rows = taps(from: picture.height, to: side)
    let columns = taps(from: picture.width, to: side)
    let values = (0...255).map { value(UInt8($0)) }
    let row = side * 3
    // The two lines between which an output line lies, interpolated across: neighbouring output lines share them.
    var lines = [Float](repeating: 0, count: 2 * row)
    var held = [-1, -1]
    lines.withUnsafeMutableBufferPointer { lines in
      picture.pixels.withUnsafeBufferPointer { pixels in
        values.withUnsafeBufferPointer { values in
          /// Where the line `y` is held, as one of the two.
          func line(_ y: Int) -> Int {
            let slot = y % 2
            if held[slot] == y { return slot * row }
            held[slot] = y
            for (x, column) in columns.enumerated() {
              let first = (y * picture.width + column.first) * picture.channels
              let second = (y * picture.width + column.second) * picture.channels
              for c in 0..<3 {
                let channel = picture.channels == 1 ? 0 : c
                lines[slot * row + x * 3 + c] = between(
                  values[Int(pixels[first + channel])], values[Int(pixels[second + channel])], column.weight)
              }
            }
            return slot * row
          }
          for (y, taps) in rows.enumerated() {
            let (above, below) = (line(taps.first), line(taps.second))
            for i in 0..<row { out[y * row + i] = between(lines[above + i], lines[below + i], taps.weight) }
          }
        }
      }
    }
  }
}
