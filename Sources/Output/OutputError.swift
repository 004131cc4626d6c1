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
  case exists(option: String, path: String, canResume: Bool)
  /// A file that --resume would replace or append to, but that is not what it goes on with.
  case foreign(option: String, path: String, expected: String)
  /// A file to keep that was drawn with other settings, each as "steps is 20 there, 30 here"; none if it does not say.
  case drawnOtherwise(path: String, differences: [String])
  /// Files to keep that do not say with which seed they were drawn.
  case unknownSeed(path: String)
  /// What an interrupted run left of an archive.
  case unfinished(path: String)
  /// What an interrupted run left of an archive, without the record of how it was drawn.
  case noRecord(path: String, record: String)
  /// A file to be written that is read, too, as `input` says.
  case replacesInput(option: String, path: String, input: String)
  /// Two options that name the same file to be written.
  case sameFile(String, String, path: String)
  /// Two options that write to standard output.
  case mixedOutput(String, String)
  /// A name with a character that ends it.
  case nul(option: String)
  /// A view of one image while each image gets its own file.
  case viewOfFiles(option: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .destination(let text), .request(let text): text
    case .noFolder(let option, let folder):
      "\(option): there is no folder \(folder); make it with \(shellLine(["mkdir", "-p", operand(folder)]))"
    case .noDestination(let path):
      """
      --out: there is no folder \(path); type --out \(shellQuoted(operand(path + "/"))) to make it, \
      or --out \(Self.file(path)) for a file
      """
    case .notAFolder(let path):
      """
      --out: \(path) is a file without an extension; type for instance --out \
      \(Self.file(path))
      """
    case .sheetInFolder(let path):
      "--grid makes one sheet; type --out \(Self.sheet(path))"
    case .exists(let option, let path, let canResume):
      """
      \(option): \(path) exists; type \(canResume ? "--resume to keep what is there and draw the rest, " : "")\
      --overwrite to replace it, or choose another \(option.hasPrefix("--") ? option : "name")
      """
    case .foreign(let option, let path, let expected):
      "\(option): \(path) exists and is not \(expected); choose another \(option)"
    case .drawnOtherwise(let path, let differences):
      """
      \(path): was drawn otherwise\(differences.isEmpty ? "" : " (\(differences.joined(separator: "; ")))"); type what \
      it was drawn with, choose another --out, or type --overwrite in place of --resume
      """
    case .unknownSeed(let path):
      "--resume: \(path) does not say with which seed it was drawn; type --seed and that number too"
    case .unfinished(let path):
      """
      --out: \(path) is what an interrupted run left; type --resume to go on with it, --overwrite to begin anew, or \
      choose another --out
      """
    case .noRecord(let path, let record):
      """
      --resume: \(record), which says how \(path) was drawn, is missing or damaged; type --overwrite in place of \
      --resume to begin anew, or choose another --out
      """
    case .replacesInput(let option, let path, let input):
      "\(option): \(path) is read too (\(input)), and would be replaced; choose another name for what is written"
    case .sameFile(let first, let second, let path):
      "\(first) and \(second) would both write \(path); give one of them another name"
    case .mixedOutput(let first, let second):
      "\(first) - and \(second) - would mix on standard output; type the name of a file after one of them"
    case .nul(let option): "\(option): the name of a file cannot contain a NUL character; choose another"
    case .viewOfFiles(let option):
      """
      \(option) shows the denoising of one image or sheet, but --out is a folder, for one file per image; \
      type for instance --out img.png
      """
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
