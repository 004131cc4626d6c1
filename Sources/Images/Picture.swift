import TensorCore

/// An image of 8-bit pixels.
public struct Picture: Sendable, Equatable {
  /// The width in pixels.
  public let width: Int
  /// The height in pixels.
  public let height: Int
  /// The number of channels: 1 (grey) or 3 (RGB).
  public let channels: Int
  /// The pixels: rows from top to bottom, each from left to right, with interleaved channels.
  public let pixels: [UInt8]

  /// Creates an image from `width · height · channels` bytes.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && (channels == 1 || channels == 3) && pixels.count == width * height * channels,
      "\(pixels.count) bytes are no picture of \(width)×\(height) pixels and \(channels) channels")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Creates an image from `x`, `[N, C, H, W]` in [-1, 1], at `index`; see `uint8Pixels(_:rounding:)`.
  ///
  /// - Throws: `ImageError.channels` unless C is 1 or 3.
  public init(_ x: Tensor, _ index: Int, rounding: Bool = false) throws(ImageError) {
    precondition(x.shape.count == 4, "\(x.shape) is not the shape of pictures")
    guard x.shape[1] == 1 || x.shape[1] == 3 else { throw .channels(x.shape[1]) }
    self.init(
      width: x.shape[3], height: x.shape[2], channels: x.shape[1],
      pixels: uint8Pixels(x.rows(index..<index + 1), rounding: rounding))
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
