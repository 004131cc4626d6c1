import DiffusionImages
import DiffusionText

/// Why images cannot be written where they should go. Every description is one sentence that says what to type instead.
public enum OutputError: Error, Equatable, CustomStringConvertible {
  /// The value of `--out` is not a valid destination.
  case destination(String)
  /// The request is invalid or contradicts itself.
  case request(String)
  /// The folder to write into does not exist.
  case noFolder(option: String, String)
  /// The folder given as the destination does not exist.
  case noDestination(path: String)
  /// A file without an extension where a folder was expected.
  case notAFolder(path: String)
  /// A sheet with a folder, not a file, as its destination.
  case sheetInFolder(path: String)
  /// A file that must not be replaced.
  case exists(path: String, canResume: Bool)
  /// A file to keep that was drawn with other settings.
  case drawnOtherwise(path: String)
  /// A view of one image while each image gets its own file.
  case viewOfFiles(option: String)
  /// A view whose path is a folder.
  case viewIsFolder(option: String, path: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .destination(let text), .request(let text): text
    case .noFolder(let option, let folder):
      "\(option): there is no folder \(folder); make it with \(shellLine(["mkdir", "-p", operand(folder)]))"
    case .noDestination(let path):
      """
      --out: there is no folder \(path); make it with \(shellLine(["mkdir", "-p", operand(path)])), \
      or type --out \(Self.file(path)) for a file
      """
    case .notAFolder(let path):
      """
      --out: \(path) is a file without an extension; type for instance --out \
      \(Self.file(path))
      """
    case .sheetInFolder(let path):
      "--grid makes one sheet; type --out \(Self.sheet(path))"
    case .exists(let path, let canResume):
      """
      --out: \(path) exists; type \(canResume ? "--resume to keep what is there and draw the rest, " : "")--overwrite \
      to replace it, or choose another --out
      """
    case .drawnOtherwise(let path):
      """
      \(path): was drawn with other settings, or by another version (\(shellLine(["sample", "show", operand(path)])) \
      prints them); choose another --out, or type --overwrite in place of --resume
      """
    case .viewOfFiles(let option):
      """
      \(option) shows the denoising of one image or sheet, but --out is a folder, for one file per image; \
      type for instance --out img.png
      """
    case .viewIsFolder(let option, let path): "\(option): \(path) is a folder; name a file in it"
    }
  }

  /// A sheet's path in a folder, to paste.
  private static func sheet(_ folder: String) -> String {
    shellQuoted(operand(folder + (folder.hasSuffix("/") ? "" : "/") + "sheet.png"))
  }

  /// A picture's name, of that of a folder, to paste.
  private static func file(_ folder: String) -> String {
    let end = folder.lastIndex { $0 != "/" }
    return shellQuoted(operand((end.map { String(folder[...$0]) } ?? "sample") + ".png"))
  }
}
