import CDiffusionJPEG
import DiffusionPlatform

extension Picture {
  /// Decodes a JPEG, baseline or progressive, to grey or RGB: the pixels that Pillow's `convert("RGB")` (or `"L"`, for
  /// grey ones) gives, turned as the camera was held (`ImageOps.exif_transpose`). CMYK is taken as Adobe stores it,
  /// inverted. Colour profiles are ignored, as in Pillow.
  ///
  /// The decoder is TurboJPEG, which is looked up when it is first needed.
  ///
  /// - Parameters:
  ///   - jpeg: the whole file.
  ///   - pixelLimit: the maximum number of pixels, checked before memory is taken for them.
  /// - Throws: `ImageError.jpeg` if the file is damaged, also where decoders usually guess what is missing;
  ///   `.noTurboJPEG` or `.brokenTurboJPEG` if the library is not there or cannot be loaded.
  public init(jpeg: [UInt8], pixelLimit: Int = Picture.pixelLimit) throws(ImageError) {
    self = try Picture(jpeg: jpeg, pixelLimit: pixelLimit, library: .shared)
  }

  init(jpeg: [UInt8], pixelLimit: Int = Picture.pixelLimit, library: TurboJPEG) throws(ImageError) {
    guard let functions = library.functions else {
      throw library.fault.map { .brokenTurboJPEG($0) } ?? .noTurboJPEG
    }
    var message = [CChar](repeating: 0, count: Int(CJPEG_MESSAGE_SIZE))
    var result = cjpeg_result()
    let status = cjpeg_decode(functions, jpeg, jpeg.count, UInt64(pixelLimit), &result, &message)
    defer { free(result.bytes) }
    guard status == CJPEG_READ, let bytes = result.bytes else {
      throw .jpeg(text(ofMessage: message))
    }
    let pixels = UnsafeBufferPointer(start: bytes, count: result.size)
    let isCMYK = result.channels == 4
    self = Picture(
      width: Int(result.width), height: Int(result.height), channels: isCMYK ? 3 : Int(result.channels),
      pixels: isCMYK ? Self.rgb(invertedCMYK: pixels) : Array(pixels)
    ).turned(Orientation(jpeg: jpeg))
  }

  /// RGB from CMYK with 255 for no ink, rounded as Pillow rounds it: light that no ink takes, less that which black
  /// takes.
  private static func rgb(invertedCMYK pixels: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: pixels.count / 4 * 3) { out, count in
      for i in 0..<pixels.count / 4 {
        let light = Int(pixels[4 * i + 3])
        for c in 0..<3 {
          let product = (255 - Int(pixels[4 * i + c])) * light + 128
          out[3 * i + c] = UInt8(clamping: light - (((product >> 8) + product) >> 8))
        }
      }
      count = pixels.count / 4 * 3
    }
  }
}

/// TurboJPEG, the library, if the system has it.
struct TurboJPEG: @unchecked Sendable {
  /// Its functions, for good; nil if it is not there.
  private(set) var functions: OpaquePointer?
  /// Why a library that is there cannot be loaded.
  private(set) var fault: String?

  /// Looks the library up under `names`.
  init(names: [String]) {
    let strings = names.map { strdup($0) }
    defer { strings.forEach { free($0) } }
    let pointers = strings.compactMap { $0.map { UnsafePointer($0) } }
    var message = [CChar](repeating: 0, count: Int(CJPEG_MESSAGE_SIZE))
    if cjpeg_open(pointers, Int32(pointers.count), &functions, &message) == CJPEG_REFUSED {
      fault = text(ofMessage: message)
    }
  }

  /// The system's library, under the name of the interface that every libjpeg-turbo has, or another system's name.
  static let shared = TurboJPEG(names: [
    "libturbojpeg.so.0", "libturbojpeg.so", "libturbojpeg.0.dylib",
    "/opt/homebrew/opt/jpeg-turbo/lib/libturbojpeg.dylib", "/usr/local/opt/jpeg-turbo/lib/libturbojpeg.dylib",
  ])
}

/// Whether JPEGs can be read: whether TurboJPEG is installed.
public var canReadJPEG: Bool { TurboJPEG.shared.functions != nil }
