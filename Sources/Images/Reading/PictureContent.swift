import DiffusionText

/// What a file holds, told from its first bytes, whatever its name is.
public enum PictureContent: Error, Sendable, Equatable, CustomStringConvertible {
  /// A PNG.
  case png
  /// A JPEG.
  case jpeg
  /// A picture in a format that is not read, by its name.
  case otherPicture(String)
  /// No bytes.
  case nothing
  /// A pointer of Git LFS in place of the file.
  case lfsPointer
  /// A web page: a server's answer in place of the file.
  case webPage
  /// Something that gzip has compressed.
  case gzip
  /// Nothing that is known.
  case unknown

  /// What a file with these first bytes holds.
  public init(_ bytes: [UInt8]) {
    func begins(_ signature: String, at place: Int = 0) -> Bool {
      bytes.count >= place && bytes[place...].starts(with: signature.utf8)
    }
    self =
      if bytes.isEmpty {
        .nothing
      } else if bytes.starts(with: PNGChunk.signature) {
        .png
      } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
        .jpeg
      } else if begins("GIF8") {
        .otherPicture("GIF")
      } else if begins("RIFF") && begins("WEBP", at: 8) {
        .otherPicture("WebP")
      } else if begins("BM") && bytes.count > 14 && bytes[6..<10].allSatisfy({ $0 == 0 }) {
        .otherPicture("BMP")
      } else if bytes.starts(with: [0x49, 0x49, 42, 0]) || bytes.starts(with: [0x4D, 0x4D, 0, 42]) {
        .otherPicture("TIFF")
      } else if begins("ftypavif", at: 4) {
        .otherPicture("AVIF")
      } else if ["heic", "heix", "mif1", "msf1", "hevc"].contains(where: { begins("ftyp" + $0, at: 4) }) {
        .otherPicture("HEIC")
      } else if bytes.starts(with: [0, 0, 0, 12]) && begins("jP  ", at: 4) {
        .otherPicture("JPEG 2000")
      } else if bytes.starts(with: [0xFF, 0x0A]) || bytes.starts(with: [0, 0, 0, 12]) && begins("JXL ", at: 4) {
        .otherPicture("JPEG XL")
      } else if bytes.starts(with: [0x1F, 0x8B]) {
        .gzip
      } else if begins("version https://git-lfs") {
        .lfsPointer
      } else if let content = Self.markup(bytes) {
        content
      } else {
        .unknown
      }
  }

  /// A web page, or a drawing in XML; nil for what is neither.
  private static func markup(_ bytes: [UInt8]) -> PictureContent? {
    let beginning = String(decoding: bytes.prefix(512), as: UTF8.self).lowercased()
    let text = beginning.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if text.hasPrefix("<svg") || text.hasPrefix("<?xml") && text.contains("<svg") { return .otherPicture("SVG") }
    return ["<!doctype html", "<html", "<head", "<?xml"].contains { text.hasPrefix($0) } ? .webPage : nil
  }

  /// What it is, and what to do if it cannot be read; no words that come from the file.
  public var description: String {
    switch self {
    case .png: "is a PNG"
    case .jpeg: "is a JPEG"
    case .otherPicture(let name): "is \(withArticle(name)), which is not read; save it as a PNG or JPEG"
    case .nothing: "is empty; copy or download it again"
    case .lfsPointer: "is a pointer of Git LFS, not the file itself; type git lfs pull to fetch it"
    case .webPage: "is a web page, not a file of pictures; download it again"
    case .gzip: "is compressed by gzip, which is not read; unpack it with gunzip"
    case .unknown: "is neither a PNG nor a JPEG"
    }
  }
}

extension Picture {
  /// Decodes a PNG or a JPEG, which it tells apart by content.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - background: what transparency is blended with; nil to keep alpha as a last channel (`Picture(png:)`).
  /// - Throws: `ImageError.png`, `.jpeg`, `.noTurboJPEG`, `.brokenTurboJPEG`, `.notAPicture`.
  public init(file bytes: [UInt8], over background: Background? = .black) throws(ImageError) {
    switch PictureContent(bytes) {
    case .png: try self.init(png: bytes, over: background)
    case .jpeg: try self.init(jpeg: bytes)
    case let content: throw .notAPicture(content)
    }
  }
}
