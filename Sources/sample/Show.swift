import DiffusionCommandLine
import DiffusionFiles
import DiffusionImages
import DiffusionText
import Sampling

/// Prints what an image says of itself, and the command that draws it.
///
/// - Throws: `ImageInfoError` where it says nothing; `FileError`.
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

/// The command that draws an image again, as far as this version knows it. Whoever made the file may have written anything into it.
private func drawnAgain(by provenance: Provenance) -> String {
  do { return "drawn again by\n" + shellLine(try drawingCommand(provenance)) } catch {
    return sanitizedLine("what it was drawn with is not understood, so no command is shown: \(error)")
  }
}

/// The pixels of a PNG and its text chunks.
func readDrawnPicture(_ path: String) throws -> (picture: Picture, chunks: [(key: String, value: String)]) {
  let bytes = try readFile(path)
  do { return (try Picture(png: bytes), try pngText(bytes)) } catch {
    throw ImageInfoError.unreadable(path: path, error)
  }
}

func readProvenance(_ chunks: [(key: String, value: String)], of path: String) throws -> Provenance? {
  do { return try Provenance.read(chunks) } catch { throw ImageInfoError.notUnderstood(path: path) }
}

/// Why an image does not say how it was drawn, or was drawn otherwise. One sentence.
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
  case otherFile(path: String, option: String)
  case otherSize(path: String, found: Picture, drawn: Picture)
  case otherPixels(path: String, count: Int, of: Int, largest: Int)

  var description: String {
    switch self {
    case .unreadable(let path, let error): "\(path): \(error)"
    case .silent(let path): "\(path): says nothing of itself"
    case .notUnderstood(let path):
      "\(path): what it says of itself cannot be understood; was it drawn by another version?"
    case .unknownOptions(let path, let error):
      "\(path): was drawn with options that this version does not have: \(error)"
    case .noProvenance(let path):
      "\(path): does not say how it was drawn; was it drawn with --no-metadata, or by another program?"
    case .sheet(let path): "\(path): is a sheet of several images; \(again(path))"
    case .view(let path): "\(path): shows an image at several steps; \(again(path))"
    case .torch(let path):
      "\(path): was drawn from PyTorch's stream of numbers, in which an image depends on those before it; draw all of them again with the command that \(shellLine(["sample", "show", path])) prints"
    case .otherModel(let path, let needed, let model, let found):
      "\(path): was drawn with the model \(needed.prefix(10)), but \(model) is \(found.prefix(10)); type --model and the file of that model"
    case .otherFile(let path, let option):
      "\(path): was drawn with another picture as --\(option) than is there now; put that back in its place"
    case .otherSize(let path, let found, let drawn):
      "\(path): has \(found.width)×\(found.height) pixels, but is drawn with \(drawn.width)×\(drawn.height)"
    case .otherPixels(let path, let count, let all, let largest):
      "\(path): \(count) of \(all) values differ, by at most \(largest) of 255\(largest == 1 ? ": another kind of CPU may round otherwise" : "")"
    }
  }

  private func again(_ path: String) -> String {
    "draw it again with the command that \(shellLine(["sample", "show", path])) prints"
  }
}
