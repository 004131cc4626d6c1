import CDiffusionPNG
import DiffusionPlatform

extension Picture {
  /// The maximum number of pixels in a PNG that is read, and in a grid or enlargement: 16384 × 16384, more than any
  /// camera takes. Compressed, that may be a file of 300 kB.
  public static let pixelLimit = 1 << 28

  /// Encodes the image as a PNG.
  ///
  /// - Parameter text: text chunks: keywords of 1 to 79 Latin-1 characters, and any text.
  /// - Throws: `ImageError.png`; `.channels` unless there are 1 to 4.
  public func png(text: [(key: String, value: String)] = []) throws(ImageError) -> [UInt8] {
    guard (1...4).contains(channels) else { throw .channels(channels) }
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
    var result = cpng_result()
    // C strings that live until the call returns.
    let strings = text.map { (key: strdup($0.key), value: strdup($0.value)) }
    defer {
      for string in strings {
        free(string.key)
        free(string.value)
      }
    }
    var chunks: [cpng_text] = []
    for string in strings {
      guard let key = string.key, let value = string.value else { throw .png("out of memory") }
      chunks.append(cpng_text(key: key, text: value))
    }
    let status = cpng_encode(
      pixels, UInt32(width), UInt32(height), Int32(channels), Int32(bits), chunks, Int32(chunks.count), &result,
      &message)
    return try Self.bytes(result, status, message)
  }

  /// Decodes a PNG of any kind: to grey, or to RGB if it has colours or a palette. Fewer than 8 bits are spread from 0
  /// to 255, and 16 bits are rounded to 8. Gamma and colour profiles are ignored, as in Pillow. The orientation in a
  /// chunk `eXIf` is applied, as `ImageOps.exif_transpose` does.
  ///
  /// - Parameters:
  ///   - png: the whole file.
  ///   - pixelLimit: the maximum number of pixels, checked before unpacking.
  ///   - background: what transparency is blended with. If nil, the picture keeps its alpha as a last channel, if it
  ///     has one (or a transparent colour).
  /// - Throws: `ImageError.png`.
  public init(
    png: [UInt8], pixelLimit: Int = Picture.pixelLimit, over background: Background? = .black
  ) throws(ImageError) {
    self = try Self.withDepth(png: png, pixelLimit: pixelLimit, over: background).picture
  }

  /// Does the same as `init(png:pixelLimit:over:)`, and tells the bits that each value has in the file.
  ///
  /// - Throws: `ImageError.png`.
  public static func withDepth(
    png: [UInt8], pixelLimit: Int = Picture.pixelLimit, over background: Background?
  ) throws(ImageError) -> (picture: Picture, depth: Int) {
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
    var result = cpng_result()
    // libpng knows of black; its mixtures of 16 bits with other colours are off.
    let keepsAlpha = background != .black
    let status = cpng_decode(png, png.count, UInt64(pixelLimit), keepsAlpha ? 1 : 0, 0, &result, &message)
    let pixels = try bytes(result, status, message)
    let picture = Picture(
      width: Int(result.width), height: Int(result.height), channels: Int(result.channels), pixels: pixels)
    let laid = background.map { picture.laid(over: $0) } ?? picture
    return (laid.turned(Orientation(png: png)), Int(result.depth))
  }

  /// Decodes a PNG as it is: with alpha as the last channel, if it has one, and with samples of 16 bits, if they are.
  ///
  /// - Throws: `ImageError.png`.
  public init(exactly png: [UInt8]) throws(ImageError) {
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
    var result = cpng_result()
    let status = cpng_decode(png, png.count, UInt64(Picture.pixelLimit), 1, 1, &result, &message)
    let pixels = try Self.bytes(result, status, message)
    self.init(
      width: Int(result.width), height: Int(result.height), channels: Int(result.channels), bits: Int(result.bits),
      pixels: pixels)
  }

  /// Takes over the output of a CPNG function.
  private static func bytes(
    _ result: cpng_result, _ status: Int32, _ message: [CChar]
  ) throws(ImageError) -> [UInt8] {
    defer { free(result.bytes) }
    guard status == 0, let bytes = result.bytes else {
      throw .png(text(ofMessage: message))
    }
    return [UInt8](UnsafeBufferPointer(start: bytes, count: result.size))
  }
}

/// The text chunks of a PNG, in order. Reads the PNG to its end and verifies every checksum. Leaves out texts of more
/// than 4 MB.
///
/// - Throws: `ImageError.png`, also if the file is truncated, damaged, or has more than `Picture.pixelLimit` pixels.
public func pngText(_ png: [UInt8]) throws(ImageError) -> [(key: String, value: String)] {
  final class Chunks {
    var all: [(key: String, value: String)] = []
  }
  let chunks = Chunks()
  var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
  let status = cpng_read_text(
    png, png.count, UInt64(Picture.pixelLimit),
    { context, key, text in
      guard let context else { return }
      Unmanaged<Chunks>.fromOpaque(context).takeUnretainedValue().all.append(
        (String(cString: key), String(cString: text)))
    }, Unmanaged.passUnretained(chunks).toOpaque(), &message)
  guard status == 0 else { throw .png(text(ofMessage: message)) }
  return chunks.all
}

/// The text of a message in C, up to its zero.
func text(ofMessage message: [CChar]) -> String {
  String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
