import DiffusionImages
import DiffusionText

/// A fault of pictures in files.
public enum PictureFilesFault: Error, Equatable, CustomStringConvertible {
  /// The folder has no pictures: `others` in formats that are not read, by the ending of their names, and `ofRuns` that
  /// training runs have drawn.
  case noPictures(others: [String: Int], ofRuns: Int)
  /// Some pictures cannot be read, among `of`.
  case bad([BadPicture], of: Int)
  /// A name in this folder is not UTF-8, and nothing can be opened by it.
  case notUTF8(String)
  /// A file is something else, and known.
  case content(PictureContent)
  /// libpng or TurboJPEG rejects a picture.
  case undecodable(String)
  /// The machine cannot read them (`ImageError.isOfMachine`): JPEGs, for instance, without TurboJPEG.
  case machine(ImageError)
  /// The model is to have channels that the data does not; `found` says which it has.
  case channels(Int, found: String)
  /// A picture's path gives no class, but classes are wanted; `source` is what was stated to name it.
  case noClass(source: ClassSource?)

  /// The fault, and what to do.
  public var description: String {
    switch self {
    case .noPictures(let others, let ofRuns):
      if !others.isEmpty {
        let found = listed(others.keys.sorted().map { "\(grouped(others[$0] ?? 0)) \($0)" })
        return "has no .png or .jpg files, but \(found); save them as PNG"
      }
      return ofRuns > 0
        ? "has no pictures but those of training runs (folders with run.json); name another folder"
        : "has no .png or .jpg files in it or in its folders; put some there, or name another folder"
    case .bad(let files, let count):
      if files.count == count { return "none of \(counted(count, "picture")) can be read" }
      return "\(grouped(files.count)) of \(counted(count, "picture")) cannot be read; --skip-bad goes on without them"
    case .notUTF8(let folder):
      return "has a name that is not UTF-8; rename it, as all of them with "
        + shellLine(["convmv", "-f", "latin1", "-t", "utf8", "-r", "--notest", operand(folder)])
    case .content(let content): return content.description
    case .undecodable(let message): return "\(message); mend or remove it"
    case .machine(let error): return "\(error)"
    case .channels(let wanted, let found):
      return "has \(found), but --in-channels asks for \(wanted); leave it out to train on what there is"
    case .noClass(.names?):
      return "has no _ in its name, in front of which its class would stand; type --classes-from folders"
    case .noClass(.folders?): return "lies in no folder, which would be its class; type --classes-from names"
    case .noClass(nil):
      return "has no class; name files CLASS_NUMBER.png, put those of each class into a folder of its own, "
        + "or train without classes"
    }
  }
}
