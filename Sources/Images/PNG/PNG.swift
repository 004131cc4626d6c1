import CDiffusionPNG
import DiffusionPlatform

extension Picture {
  /// The most pixels that a PNG is read with, and that a sheet or an enlargement may have: 16384 × 16384, more than any camera takes. Packed,
  /// that may be a file of 300 kB.
  public static let pixelLimit = 1 << 28

  /// The picture as the bytes of a PNG.
  ///
  /// - Parameter text: text chunks: keywords of 1 to 79 Latin-1 characters, and any text.
  /// - Throws: `ImageError.png`.
  public func png(text: [(key: String, value: String)] = []) throws(ImageError) -> [UInt8] {
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
    var result = cpng_result()
    // C strings that live until the call is over.
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
      pixels, UInt32(width), UInt32(height), Int32(channels), chunks, Int32(chunks.count), &result, &message)
    return try Self.bytes(result, status, message)
  }

  /// The picture in the bytes of a PNG of any kind, grey, or RGB if it has colours or a palette. Fewer bits than 8 are spread from 0 to 255,
  /// 16 bits rounded to 8; what is transparent lies over black; gamma and colour profiles change nothing, as in Pillow.
  ///
  /// - Parameters:
  ///   - png: the whole file.
  ///   - pixelLimit: a PNG with more pixels is refused before it is unpacked.
  /// - Throws: `ImageError.png`.
  public init(png: [UInt8], pixelLimit: Int = Picture.pixelLimit) throws(ImageError) {
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
    var result = cpng_result()
    let status = cpng_decode(png, png.count, UInt64(pixelLimit), &result, &message)
    let pixels = try Self.bytes(result, status, message)
    self.init(
      width: Int(result.width), height: Int(result.height), channels: Int(result.channels), pixels: pixels)
  }

  /// Takes over what a function of CPNG has put out.
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

/// The text chunks of a PNG, in their order, which is read to its end: every checksum is checked. Texts of more than 4 MB are left out.
///
/// - Throws: `ImageError.png`, also for a file that is cut short or damaged, or has more than `Picture.pixelLimit` pixels.
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

private func text(ofMessage message: [CChar]) -> String {
  String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
