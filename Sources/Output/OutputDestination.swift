import DiffusionFiles
import DiffusionText

/// Where images go, and in which format.
public struct OutputDestination: Sendable, Equatable {
  /// The format they are written in.
  public let format: OutputFormat
  /// As typed: a file, a folder or a pattern; `-` for standard output.
  public let path: String

  /// Images in `format` at `path`.
  public init(_ format: OutputFormat, path: String) { (self.format, self.path) = (format, path) }

  /// Parses the value of `--out`: `-` is a PNG on standard output, anything with a % is a pattern, anything without an
  /// extension is a folder; otherwise the extension determines the format.
  ///
  /// - Parameters:
  ///   - text: the value as typed.
  ///   - formats: the formats to choose from.
  /// - Throws: `OutputError.destination`.
  public init(_ text: String, formats: [OutputFormat] = OutputFormat.all) throws(OutputError) {
    let name = text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard !text.utf8.contains(0) else {
      throw .destination("--out: the name of a file cannot contain a NUL character; type for instance --out img.png")
    }
    if let problem = Self.deviceProblem(text) { throw .destination(problem) }
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
        // As of p.tar.gz.
        let inner = String(text.dropLast(ending.count))
        if [".gz", ".bz2", ".xz", ".zst"].contains(ending), known.contains(where: inner.lowercased().hasSuffix) {
          throw .destination(
            """
            --out: sample compresses no archives; type --out \(shellQuoted(operand(inner))), and compress that \
            afterwards
            """)
        }
        throw .destination(
          """
          --out: sample does not write \(ending) files; it writes \(known.dropLast().joined(separator: ", ")) and \
          \(known[known.count - 1]): type for instance --out img.png
          """)
      }
      self.init(format, path: text)
    }
  }

  /// What is wrong with a device, which no file can be renamed to; nil for other paths.
  private static func deviceProblem(_ path: String) -> String? {
    switch path {
    case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": "--out: \(path) is standard output; type --out -"
    case "/dev/null", "/dev/stderr", "/dev/tty", "/dev/fd/2":
      "--out: \(path) is a device; type --out - > \(path)"
    default: nil
    }
  }

  /// Whether the images go to standard output.
  public var isStandardOutput: Bool { path == "-" }

  /// The pattern of the file names, if each image has its own file.
  public var pattern: OutputPattern? {
    guard format.holds == .fileEach else { return nil }
    return path.utf8.contains(UInt8(ascii: "%")) ? try? OutputPattern(path) : .inFolder(path)
  }

  /// Whether it is a folder, which must exist.
  public var isFolder: Bool { format.holds == .fileEach && !path.utf8.contains(UInt8(ascii: "%")) }
}
