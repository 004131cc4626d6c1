import DiffusionFiles

/// Where images go, and as what.
public struct OutputDestination: Sendable, Equatable {
  /// What they are written as.
  public let format: OutputFormat
  /// As it was typed: a file, a folder or a pattern; `-` for standard output.
  public let path: String

  /// Images in `format` at `path`.
  public init(_ format: OutputFormat, path: String) { (self.format, self.path) = (format, path) }

  /// Reads the value of `--out`: `-` is a PNG to standard output; what holds a % is a pattern; what has no extension is a folder; else the
  /// extension says the format.
  ///
  /// - Parameters:
  ///   - text: as typed after `--out`.
  ///   - formats: those that there are.
  /// - Throws: `OutputError.destination`.
  public init(_ text: String, formats: [OutputFormat] = OutputFormat.all) throws(OutputError) {
    let name = text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    if text == "-" {
      self.init(PNGSink.format, path: text)
    } else if text.utf8.contains(UInt8(ascii: "%")) {
      _ = try OutputPattern(text)
      self.init(FileEachSink.format, path: text)
    } else if name.isEmpty || !name.dropFirst().utf8.contains(UInt8(ascii: ".")) {
      self.init(FileEachSink.format, path: text)
    } else {
      let ending = name.lowercased().split(separator: ".").last.map { ".\($0)" } ?? "."
      guard let format = formats.first(where: { $0.endings.contains(ending) }) else {
        let known = formats.flatMap(\.endings)
        throw .destination(
          "--out: \(ending) is no kind of file that sample writes; it writes \(known.dropLast().joined(separator: ", ")) and \(known[known.count - 1]): type for instance --out img.png"
        )
      }
      self.init(format, path: text)
    }
  }

  /// Whether the images go down a pipe.
  public var isStandardOutput: Bool { path == "-" }

  /// What the images are called, where each has a file of its own.
  public var pattern: OutputPattern? {
    guard format.holds == .fileEach else { return nil }
    return path.utf8.contains(UInt8(ascii: "%")) ? try? OutputPattern(path) : .inFolder(path)
  }

  /// Whether it is a folder, which must be there.
  public var isFolder: Bool { format.holds == .fileEach && !path.utf8.contains(UInt8(ascii: "%")) }
}
