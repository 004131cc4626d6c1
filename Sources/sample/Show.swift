import DiffusionCommandLine
import DiffusionFiles
import DiffusionImages
import DiffusionTerminal
import DiffusionText
import Sampling

/// Prints an image's record, and the command that draws it again.
///
/// - Throws: `ImageInfoError` if it has no record; `FileError`.
func show(image path: String) throws {
  let (_, chunks) = try readDrawnPicture(path)
  if chunks.isEmpty { throw ImageInfoError.silent(path: path) }
  var lines = chunks.flatMap { chunk in
    "\(chunk.key): \(chunk.value)".split(separator: "\n", omittingEmptySubsequences: false).map {
      sanitizedLine(String($0))
    }
  }
  if let provenance = try readProvenance(chunks, of: path) { lines += ["", drawnAgain(by: provenance)] }
  try printText(lines.joined(separator: "\n") + "\n")
}

/// The command that draws the image again, as far as this version can tell. The record is not trusted:
/// anyone may have written it.
private func drawnAgain(by provenance: Provenance) -> String {
  do { return "to draw it again, type\n" + shellLine(try drawingCommand(provenance)) } catch {
    return sanitizedLine("no command to draw it again, as its metadata is not understood: \(error)")
  }
}

/// The pixels of a PNG and its text chunks.
func readDrawnPicture(_ path: String) throws -> (picture: Picture, chunks: [(key: String, value: String)]) {
  let bytes = try readFile(path)
  do { return (try Picture(exactly: bytes), try pngText(bytes)) } catch {
    throw ImageInfoError.unreadable(path: path, error)
  }
}

func readProvenance(_ chunks: [(key: String, value: String)], of path: String) throws -> Provenance? {
  do { return try Provenance.read(chunks) } catch { throw ImageInfoError.notUnderstood(path: path) }
}

/// Why an image cannot be reproduced, or how the result differs. One sentence.
enum ImageInfoError: Error, CustomStringConvertible {
  case unreadable(path: String, any Error)
  case silent(path: String)
  case notUnderstood(path: String)
  case unknownOptions(path: String, UsageError)
  case noProvenance(path: String)
  case sheet(path: String)
  case view(path: String)
  case torch(path: String)
  case otherModel(path: String, needed: String, model: String, found: String)
  case noModel(path: String, model: String)
  case otherFile(path: String, option: String)
  case otherSize(path: String, found: Picture, drawn: Picture)
  case otherPixels(path: String, count: Int, of: Int, largest: Int, most: Int)

  var description: String {
    switch self {
    case .unreadable(let path, let error): "\(path): \(error)"
    case .silent(let path): "\(path): has no metadata"
    case .notUnderstood(let path):
      "\(path): its metadata is not understood; was it drawn by another version?"
    case .unknownOptions(let path, let error):
      "\(path): was drawn with options that this version does not have: \(error)"
    case .noProvenance(let path):
      "\(path): does not say how it was drawn; was it drawn with --no-metadata, or by another program?"
    case .sheet(let path): "\(path): is a sheet of several images; \(again(path))"
    case .view(let path): "\(path): shows an image at several steps; \(again(path))"
    case .torch(let path):
      """
      \(path): was drawn with --rng torch, where an image depends on those before it; draw all of them again with the \
      command that \(shellLine(["sample", "show", operand(path)])) prints
      """
    case .otherModel(let path, let needed, let model, let found):
      """
      \(path): was drawn by the model \(needed.prefix(10)), but \(model) is \(found.prefix(10)); \
      type --model and the file of that model
      """
    case .noModel(let path, let model):
      """
      \(path): was drawn by \(model), which is not there; type --model and the name that the file has now, from here
      """
    case .otherFile(let path, let option):
      "\(path): was drawn with another --\(option) file than is there now; put the original back"
    case .otherSize(let path, let found, let drawn):
      "\(path): has \(found.size), but drawing it again gives \(drawn.size)"
    case .otherPixels(let path, let count, let all, let largest, let most):
      """
      \(path): \(count) of \(all) values differ, by at most \(largest) of \
      \(most)\(largest == 1 ? ": another kind of CPU may round differently" : "")
      """
    }
  }

  private func again(_ path: String) -> String {
    "draw it again with the command that \(shellLine(["sample", "show", operand(path)])) prints"
  }
}

extension Picture {
  /// Its size, with what else may differ.
  fileprivate var size: String { "\(width)×\(height) pixels of \(channels) × \(bits) bits" }
}
