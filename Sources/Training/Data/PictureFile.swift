import DiffusionFiles
import DiffusionImages
import DiffusionPlatform

/// A picture of the training data, as its file holds it.
struct PictureFile {
  /// Its pixels, as stored: 1 or 3 channels, one more with alpha.
  let picture: Picture
  /// The bits of a value; 8 for JPEGs.
  let depth: Int

  /// Reads the file at `path`, with its alpha.
  ///
  /// - Throws: `DatasetError`.
  init(_ path: String) throws(DatasetError) {
    let bytes = try Self.bytes(path)
    do {
      if PictureContent(bytes) == .png {
        (picture, depth) = try Picture.withDepth(png: bytes, over: nil)
      } else {
        (picture, depth) = (try Picture(file: bytes), 8)
      }
    } catch { throw DatasetError(error, path: path) }
  }

  /// The pixels of the file at `path`, transparency blended with `background`, or kept as a last channel if it is nil.
  ///
  /// - Throws: `DatasetError`.
  static func picture(_ path: String, over background: Background?) throws(DatasetError) -> Picture {
    let bytes = try bytes(path)
    do { return try Picture(file: bytes, over: background) } catch { throw DatasetError(error, path: path) }
  }

  private static func bytes(_ path: String) throws(DatasetError) -> [UInt8] {
    var status = stat()
    // Opening a pipe would wait for someone to write to it.
    if stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG { throw .file(.notRegular(path: path)) }
    do { return try readFile(path) } catch { throw .file(error) }
  }

  /// Whether any of it shows what is behind it.
  var isTransparent: Bool {
    let channels = picture.channels
    guard channels % 2 == 0 else { return false }
    return stride(from: channels - 1, to: picture.pixels.count, by: channels).contains { picture.pixels[$0] < 255 }
  }

  /// Whether all of its pixels are grey, however they are stored.
  var isGrey: Bool {
    let (pixels, channels) = (picture.pixels, picture.channels)
    if channels < 3 { return true }
    for start in stride(from: 0, to: pixels.count, by: channels) {
      guard pixels[start] == pixels[start + 1], pixels[start] == pixels[start + 2] else { return false }
    }
    return true
  }
}

extension DatasetError {
  /// A fault of the picture at `path`.
  fileprivate init(_ error: ImageError, path: String) {
    switch error {
    case .notAPicture(let content): self = .files(path: path, .content(content))
    case let error where error.isOfMachine: self = .image(error)
    default: self = .files(path: path, .undecodable("\(error)"))
    }
  }
}
