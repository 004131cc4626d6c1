import DiffusionImages
import DiffusionText
import TensorCore

/// What looking at all pictures has found. Counts are of pictures that are trained on.
public struct DataFacts: Sendable, Equatable {
  /// Pictures that are not square, of which the middle is kept.
  public internal(set) var cut = 0
  /// Pictures with a side shorter than the image size, which are enlarged.
  public internal(set) var enlarged = 0
  /// Pictures in which something is transparent.
  public internal(set) var transparent = 0
  /// Pictures with an alpha channel, or a transparent colour.
  public internal(set) var withAlpha = 0
  /// Pictures stored as grey.
  public internal(set) var grey = 0
  /// Pictures stored in colour, in which all pixels are grey.
  public internal(set) var colourless = 0
  /// Pictures of 16 bits, which are rounded to 8.
  public internal(set) var sixteenBit = 0
  /// Pictures that cannot be read, and are left out.
  public internal(set) var bad = 0
  /// Pictures in formats that are not read, by the ending of their names.
  public internal(set) var others: [String: Int] = [:]
  /// Folders of training runs (with `run.json`), which are left out.
  public internal(set) var runFolders = 0
  /// The pictures in them.
  public internal(set) var runPictures = 0

  mutating func note(width: Int, height: Int, imageSize: Int) {
    if width != height { cut += 1 }
    if min(width, height) < imageSize { enlarged += 1 }
  }
}

/// A file of the training data that cannot be read.
public struct BadPicture: Sendable, Equatable {
  /// Its path.
  public let path: String
  /// One line that says what is wrong and what to do; it names the file.
  public let reason: String

  /// A file and what is wrong with it.
  public init(path: String, reason: String) { (self.path, self.reason) = (path, reason) }
}

/// What looking at one file finds.
private enum Finding: Sendable {
  case picture(width: Int, height: Int, channels: Int, depth: Int, isTransparent: Bool, isGrey: Bool)
  case bad(DatasetError)
}

/// Looks at all files, decoding each, on the threads of the pool.
///
/// - Parameters:
///   - paths: the files.
///   - imageSize: the side of the model's images.
///   - facts: counts them.
///   - progress: called now and then with the number of files done.
/// - Returns: the files that cannot be read, in order.
/// - Throws: `DatasetError.image` or `.file` at the first picture that the machine cannot read (`isOfMachine`).
func lookAt(
  _ paths: [String], imageSize: Int, facts: inout DataFacts, progress: (Int) -> Void
) throws(DatasetError) -> [BadPicture] {
  var bad: [BadPicture] = []
  // Small enough that progress shows after large pictures too, and large enough to keep all threads at work.
  let portion = 16 * ThreadPool.shared.threads
  for begin in stride(from: 0, to: paths.count, by: portion) {
    let part = begin..<min(begin + portion, paths.count)
    for (path, finding) in zip(paths[part], ThreadPool.shared.map(part.count) { look(paths[begin + $0]) }) {
      switch finding {
      case .picture(let width, let height, let channels, let depth, let isTransparent, let isGrey):
        facts.note(width: width, height: height, imageSize: imageSize)
        if channels % 2 == 0 { facts.withAlpha += 1 }
        if isTransparent { facts.transparent += 1 }
        if channels < 3 { facts.grey += 1 } else if isGrey { facts.colourless += 1 }
        if depth == 16 { facts.sixteenBit += 1 }
      case .bad(.image(let error)): throw .image(error)
      case .bad(.file(let error)) where error.isOfMachine: throw .file(error)
      case .bad(let error): bad.append(BadPicture(path: path, reason: "\(error)"))
      }
    }
    progress(part.upperBound)
  }
  return bad
}

private func look(_ path: String) -> Finding {
  do {
    let file = try PictureFile(path)
    return .picture(
      width: file.picture.width, height: file.picture.height, channels: file.picture.channels, depth: file.depth,
      isTransparent: file.isTransparent, isGrey: file.isGrey)
  } catch { return .bad(error) }
}
