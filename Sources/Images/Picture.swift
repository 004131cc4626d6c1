import TensorCore

/// An image of 8-bit pixels, or of 16 bits for writing.
public struct Picture: Sendable, Equatable {
  /// The width in pixels.
  public let width: Int
  /// The height in pixels.
  public let height: Int
  /// The number of channels: 1 (grey) or 3 (RGB), 2 or 4 with alpha as the last; data may have any other number.
  public let channels: Int
  /// The bits of each sample: 8, or 16 with the higher byte first.
  public let bits: Int
  /// The pixels: rows from top to bottom, each from left to right, with interleaved channels.
  public let pixels: [UInt8]

  /// The bytes of a pixel.
  var pixelBytes: Int { channels * bits / 8 }

  /// Creates an image from `width · height · channels` samples.
  public init(width: Int, height: Int, channels: Int, bits: Int = 8, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && channels > 0 && (bits == 8 || bits == 16)
        && pixels.count == width * height * channels * bits / 8,
      "\(pixels.count) bytes are no picture of \(width)×\(height) pixels and \(channels) channels")
    self.width = width
    self.height = height
    self.channels = channels
    self.bits = bits
    self.pixels = pixels
  }

  /// Creates an image from `x`, `[N, C, H, W]` in [-1, 1], at `index`; see `uint8Pixels(_:rounding:)` and
  /// `uint16Pixels(_:)`.
  ///
  /// - Throws: `ImageError.channels` unless C is 1 to 4.
  public init(_ x: Tensor, _ index: Int, bits: Int = 8, rounding: Bool = false) throws(ImageError) {
    precondition(x.shape.count == 4, "\(x.shape) is not the shape of pictures")
    guard (1...4).contains(x.shape[1]) else { throw .channels(x.shape[1]) }
    let row = x.rows(index..<index + 1)
    self.init(
      width: x.shape[3], height: x.shape[2], channels: x.shape[1], bits: bits,
      pixels: bits == 16 ? uint16Pixels(row) : uint8Pixels(row, rounding: rounding))
  }

  /// The samples as numbers.
  public var samples: [Int] {
    if bits == 8 { return pixels.map(Int.init) }
    return stride(from: 0, to: pixels.count, by: 2).map { Int(pixels[$0]) << 8 | Int(pixels[$0 + 1]) }
  }
}

/// Converts `x`, `[N, C, H, W]` in [-1, 1], to samples of 16 bits, `[N, H, W, C]`, the higher byte first: -1 becomes 0
/// and 1 becomes 65535, rounded to the nearest. NaN becomes 0.
public func uint16Pixels(_ x: Tensor) -> [UInt8] {
  x.channelsLast().values.flatMap { value in
    let scaled = ((Double(value) + 1) * 32767.5).rounded()
    let sample = scaled > 0 ? UInt16(min(scaled, 65535)) : 0
    return [UInt8(sample >> 8), UInt8(sample & 255)]
  }
}

/// Converts `x`, `[N, C, H, W]` in [-1, 1], to pixels `[N, H, W, C]`: (x + 1) · 127.5, clamped to 0 … 255 and
/// truncated, as in `image_sample.py` of improved-diffusion. NaN becomes 0.
///
/// - Parameters:
///   - x: the images.
///   - rounding: whether the middle of that range is 128, as in `generate.py` of EDM: x · 127.5 + 128, which is rounded
///     where the other is truncated.
public func uint8Pixels(_ x: Tensor, rounding: Bool = false) -> [UInt8] {
  x.channelsLast().values.map { value in
    // The comparisons are false for NaN.
    if rounding {
      let scaled = Double(value) * 127.5 + 128
      return scaled > 0 ? UInt8(min(scaled, 255)) : 0
    }
    let scaled = (value + 1) * 127.5
    return scaled > 0 ? UInt8(min(scaled, 255)) : 0
  }
}
