import DiffusionImages
import DiffusionText

/// Why images cannot go where they should. Every description is one sentence that says what to type instead.
public enum OutputError: Error, Equatable, CustomStringConvertible {
  /// No destination can be read in what was typed.
  case destination(String)
  /// What of the request cannot be, or not together.
  case request(String)
  /// A folder that should be written into is not there.
  case noFolder(option: String, String)
  /// A folder that images should go into is not there.
  case noDestination(path: String)
  /// A file without an extension where a folder was meant.
  case notAFolder(path: String)
  /// A sheet that was to go into a folder without a name.
  case sheetInFolder(path: String)
  /// A file that may not be replaced.
  case exists(path: String, canResume: Bool)
  /// A file to be kept that was drawn otherwise than it would be now.
  case drawnOtherwise(path: String)
  /// A view of one picture where there is a file for each image.
  case viewOfFiles(option: String)
  /// A view whose name is a folder's.
  case viewIsFolder(option: String, path: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .destination(let text), .request(let text): text
    case .noFolder(let option, let folder):
      "\(option): there is no folder \(folder); make it with \(shellLine(["mkdir", "-p", folder]))"
    case .noDestination(let path):
      "--out: there is no folder \(path); make it with \(shellLine(["mkdir", "-p", path])), or type --out \(shellQuoted(path + ".png")) for a file"
    case .notAFolder(let path):
      "--out: \(path) is a file without an extension; type for instance --out \(shellQuoted(path + ".png"))"
    case .sheetInFolder(let path): "--grid makes one sheet; type --out \(shellQuoted(path + "/sheet.png"))"
    case .exists(let path, let canResume):
      "--out: \(path) exists; type \(canResume ? "--resume to keep what is there and draw the rest, " : "")--overwrite to replace it, or choose another --out"
    case .drawnOtherwise(let path):
      "\(path): was drawn otherwise than it would be now (\(shellLine(["sample", "show", path])) says how); choose another --out, or type --overwrite in place of --resume"
    case .viewOfFiles(let option):
      "\(option) shows how one picture or sheet comes about, but --out is a folder, for a file each; type for instance --out img.png"
    case .viewIsFolder(let option, let path): "\(option): \(path) is a folder; name a file in it"
    }
  }
}
