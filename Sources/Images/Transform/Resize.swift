// Resizes images bit for bit like `Image.resize` in Pillow up to version 12. Each output pixel is a weighted mean of
// the pixels under the filter, which is as wide as an output pixel when downsampling. Weights are rounded to 22 bits.
// Rows are resampled first, and rounded to 8 bits before the columns.

/// A filter that weights the pixels under an output pixel.
enum ResamplingFilter {
  /// Equal weights.
  case box
  /// Keys 1981, with a = -1/2.
  case bicubic

  /// The radius of the filter, in pixels of the coarser grid.
  var support: Double {
    switch self {
    case .box: 0.5
    case .bicubic: 2
    }
  }

  func weight(_ x: Double) -> Double {
    switch self {
    case .box: return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bicubic:
      let (a, x) = (-0.5, abs(x))
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    }
  }
}

/// The input rows or columns that make up an output one: `weights`, whose sum is 1, apply from `first` on.
struct ResamplingTaps {
  let first: Int
  let weights: [Double]

  /// The weights for output `place` of `count`, from `input` rows or columns.
  init(_ place: Int, of count: Int, from input: Int, _ filter: ResamplingFilter) {
    let scale = Double(input) / Double(count)
    let width = max(scale, 1)
    let center = (Double(place) + 0.5) * scale
    let reach = filter.support * width
    let begin = max(0, Int(center - reach + 0.5))
    let end = min(input, Int(center + reach + 0.5))
    // In Pillow's order of operations, which determines the last bit.
    let reciprocal = 1 / width
    let exact = (0..<end - begin).map { filter.weight((Double($0 + begin) - center + 0.5) * reciprocal) }
    let sum = exact.reduce(0, +)
    first = begin
    weights = exact.map { sum != 0 ? $0 / sum : $0 }
  }
}

/// The same with weights in units of 2⁻²².
private struct ResamplingWeights {
  static let bits = 22
  let first: Int
  let weights: [Int]

  init(_ place: Int, of count: Int, from input: Int, _ filter: ResamplingFilter) {
    let taps = ResamplingTaps(place, of: count, from: input, filter)
    first = taps.first
    weights = taps.weights.map { weight in
      let scaled = weight * Double(1 << Self.bits)
      return Int(scaled + (scaled < 0 ? -0.5 : 0.5))
    }
  }

  /// The weighted mean of the bytes from `start` on, `step` apart.
  @inline(__always)
  func mean(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, by step: Int) -> UInt8 {
    var sum = 1 << (Self.bits - 1)
    var place = start
    for weight in weights {
      sum += Int(bytes[place]) * weight
      place += step
    }
    return UInt8(clamping: sum >> Self.bits)
  }
}

extension Picture {
  /// Crops the image to a square of `size` × `size` pixels, as `image_datasets.py` of improved-diffusion prepares
  /// training data. Halves it by averaging 2×2 pixels while the smaller side is at least twice `size`, resamples it
  /// (bicubic) until the smaller side is `size`, and crops the centre of the longer side.
  public func fitted(toSquare size: Int) -> Picture {
    precondition(size > 0, "a square of \(size) pixels is no picture")
    // The filters would not change it.
    if width == size && height == size { return self }
    var picture = self
    while min(picture.width, picture.height) >= 2 * size {
      let (width, height) = (picture.width / 2, picture.height / 2)
      picture = picture.resampled(
        width: width, columns: 0..<width, height: height, rows: 0..<height, .box)
    }
    let scale = Double(size) / Double(min(picture.width, picture.height))
    let width = Int((Double(picture.width) * scale).rounded(.toNearestOrEven))
    let height = Int((Double(picture.height) * scale).rounded(.toNearestOrEven))
    let (left, top) = ((width - size) / 2, (height - size) / 2)
    // Computes only what is kept, however oblong the image is.
    return picture.resampled(
      width: width, columns: left..<left + size, height: height, rows: top..<top + size, .bicubic)
  }

  /// The given columns and rows of the image resampled to `width` × `height` pixels.
  private func resampled(
    width: Int, columns: Range<Int>, height: Int, rows: Range<Int>, _ filter: ResamplingFilter
  ) -> Picture {
    let across = columns.map { ResamplingWeights($0, of: width, from: self.width, filter) }
    let down = rows.map { ResamplingWeights($0, of: height, from: self.height, filter) }
    // Skips rows that no kept row needs.
    let begin = down.map(\.first).min() ?? 0
    let end = down.map { $0.first + $0.weights.count }.max() ?? 0
    let (row, channels) = (columns.count * channels, channels)
    let between = [UInt8](unsafeUninitializedCapacity: (end - begin) * row) { out, count in
      pixels.withUnsafeBufferPointer { pixels in
        for y in begin..<end {
          var target = (y - begin) * row
          for place in across {
            for c in 0..<channels {
              out[target] = place.mean(pixels, from: (y * self.width + place.first) * channels + c, by: channels)
              target += 1
            }
          }
        }
      }
      count = (end - begin) * row
    }
    let result = [UInt8](unsafeUninitializedCapacity: rows.count * row) { out, count in
      between.withUnsafeBufferPointer { between in
        for (y, place) in down.enumerated() {
          for i in 0..<row { out[y * row + i] = place.mean(between, from: (place.first - begin) * row + i, by: row) }
        }
      }
      count = rows.count * row
    }
    return Picture(width: columns.count, height: rows.count, channels: channels, pixels: result)
  }

  /// Converts the image to 1 or 3 channels: grey is repeated, RGB becomes luma (ITU-R 601, rounded like Pillow's
  /// `convert("L")`).
  public func converted(toChannels count: Int) -> Picture {
    if count == channels { return self }
    precondition(
      (count == 1 || count == 3) && (channels == 1 || channels == 3),
      "no conversion of \(channels) to \(count) channels")
    let converted =
      count == 3
      ? pixels.flatMap { [$0, $0, $0] }
      : stride(from: 0, to: pixels.count, by: 3).map { luma(pixels[$0], pixels[$0 + 1], pixels[$0 + 2]) }
    return Picture(width: width, height: height, channels: count, pixels: converted)
  }
}

/// Luma (ITU-R 601), rounded like Pillow's.
func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
  let sum: Int = 19_595 * Int(red) + 38_470 * Int(green) + 7471 * Int(blue)
  return UInt8((sum + 0x8000) >> 16)
}
