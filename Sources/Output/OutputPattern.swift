/// A file name pattern with a printf-style place for the image index: `out/%05d.png`.
public struct OutputPattern: Sendable, Equatable {
  private let before: String
  private let width: Int
  private let isZeroPadded: Bool
  private let after: String

  /// The file of an image: `00007.png` for image 7 and the pattern `%05d.png`.
  public func path(for image: Int) -> String {
    let digits = String(image)
    let padding = String(repeating: isZeroPadded ? "0" : " ", count: max(0, width - digits.count))
    return before + padding + digits + after
  }

  /// The image whose file has this path; nil if there is none.
  public func image(of path: String) -> Int? {
    guard path.hasPrefix(before), path.hasSuffix(after), path.utf8.count > before.utf8.count + after.utf8.count else {
      return nil
    }
    let place = path.dropFirst(before.count).dropLast(after.count)
    guard let image = Int(place.drop { $0 == " " }), image >= 0, self.path(for: image) == path else { return nil }
    return image
  }

  /// The folder of all files with a trailing slash, empty for the current folder; nil if the number is part
  /// of the folder.
  public var folder: String? {
    if after.utf8.contains(UInt8(ascii: "/")) { return nil }
    return before.lastIndex(of: "/").map { String(before[...$0]) } ?? ""
  }

  /// File names in an archive: `00000.png`, …
  public static let inArchive = OutputPattern(before: "", width: 5, isZeroPadded: true, after: ".png")

  /// File names in a folder: `00000.png`, …
  public static func inFolder(_ folder: String) -> OutputPattern {
    OutputPattern(before: folder.hasSuffix("/") ? folder : folder + "/", width: 5, isZeroPadded: true, after: ".png")
  }

  private init(before: String, width: Int, isZeroPadded: Bool, after: String) {
    (self.before, self.width, self.isZeroPadded, self.after) = (before, width, isZeroPadded, after)
  }

  /// Parses a pattern with exactly one `%d`, optionally with a width and a leading zero; `%%` is a percent sign.
  ///
  /// - Throws: `OutputError.destination`.
  public init(_ text: String) throws(OutputError) {
    var parts = [""]
    var conversion: (width: Int, isZeroPadded: Bool)?
    var rest = text[...]
    while let character = rest.popFirst() {
      if character != "%" {
        parts[parts.count - 1].append(character)
        continue
      }
      if rest.first == "%" {
        rest.removeFirst()
        parts[parts.count - 1].append("%")
        continue
      }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest.removeFirst(digits.count)
      guard rest.popFirst() == "d", digits.count <= 3 else {
        throw .destination(
          """
          --out: \(text) has a % that is not followed by d; \
          type for instance --out 'img-%05d.png', or %% for a percent sign
          """)
      }
      guard conversion == nil else {
        throw .destination(
          "--out: \(text) has more than one place for the number; type for instance --out 'img-%05d.png'")
      }
      conversion = (Int(digits) ?? 0, digits.first == "0")
      parts.append("")
    }
    guard let conversion else {
      throw .destination("--out: \(text) has no place for the number; type for instance --out 'img-%05d.png'")
    }
    guard parts[1].lowercased().hasSuffix(".png") else {
      throw .destination(
        "--out: \(text) must end in .png, as each image is written as a PNG; type for instance --out 'img-%05d.png'")
    }
    self.init(before: parts[0], width: conversion.width, isZeroPadded: conversion.isZeroPadded, after: parts[1])
  }
}
