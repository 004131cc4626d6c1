import DiffusionCommandLine
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import DiffusionTerminal
import DiffusionText
import TensorCore

/// Draws an image again from what it says of itself, and says whether the pixels are the same.
///
/// - Throws: `SettingsError` where it does not say enough or comes out otherwise; what drawing throws.
func reproduce(_ options: Options, image path: String) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let (picture, chunks) = try readPicture(path)
  guard let provenance = try provenance(chunks, of: path) else {
    throw SettingsError(
      "\(path): does not say how it was drawn; was it drawn with --no-metadata, or by another program?")
  }
  guard let image = provenance.image else {
    throw SettingsError(
      "\(path): is a sheet of several images; draw it again with the command that sample show \(path) prints")
  }
  let command = try parsed(provenance, of: path)
  guard command.options.strip == nil else {
    throw SettingsError(
      "\(path): shows an image at several steps; draw it again with the command that sample show \(path) prints")
  }
  guard command.options.rng == .philox else {
    throw SettingsError(
      "\(path): was drawn from PyTorch's stream of numbers, in which an image depends on those before it; draw all of them again with the command that sample show \(path) prints"
    )
  }
  var modelOptions = command.options
  modelOptions.model = options.model ?? provenance.model
  let model = try Model(modelOptions)
  guard model.fingerprint == provenance.modelHash else {
    throw SettingsError(
      "\(path): was drawn with the model \(provenance.modelHash.prefix(10)), but \(model.name) is \(model.fingerprint.prefix(10)); type --model and the file of that model"
    )
  }
  let plan = try command.plan(model)
  if let changed = plan.initial?.files.filter({ $0.value != provenance.files?[$0.key] }).keys.min() {
    throw SettingsError(
      "\(path): was drawn with another picture as --\(changed) than is there now; put that back in its place")
  }
  var again = Drawing(plan)
  let drawn = try Picture(again.draw([image]) { _ in }.x, 0).enlarged(by: plan.options.scale)
  guard drawn.width == picture.width, drawn.height == picture.height, drawn.channels == picture.channels else {
    throw SettingsError(
      "\(path): has \(picture.width)×\(picture.height) pixels, but is drawn with \(drawn.width)×\(drawn.height)")
  }
  let differences = zip(drawn.pixels, picture.pixels).map { abs(Int($0) - Int($1)) }
  let largest = differences.max() ?? 0
  guard largest == 0 else {
    throw SettingsError(
      "\(path): \(differences.count { $0 > 0 }) of \(differences.count) values differ, by at most \(largest) of 255\(largest == 1 ? ": another kind of CPU may round otherwise" : "")"
    )
  }
  try writeToStandardOutput(Array("\(path): pixel-identical\n".utf8))
}

/// Prints what an image says of itself, and the command that draws it.
///
/// - Throws: `SettingsError` where it says nothing; `ImageError`.
func show(image path: String) throws {
  let (_, chunks) = try readPicture(path)
  if chunks.isEmpty { throw SettingsError("\(path): says nothing of itself") }
  var lines = chunks.flatMap { chunk in
    "\(chunk.key): \(chunk.value)".split(separator: "\n", omittingEmptySubsequences: false).map {
      sanitizedLine(String($0))
    }
  }
  if let provenance = try provenance(chunks, of: path) { lines += ["", try drawnAgain(by: provenance)] }
  try writeToStandardOutput(Array((lines.joined(separator: "\n") + "\n").utf8))
}

/// The command that draws an image again, as far as this version knows it. Whoever made the file may have written anything into it.
private func drawnAgain(by provenance: Provenance) throws -> String {
  let words: [String]
  do { words = try drawingWords(provenance.arguments) } catch {
    return sanitizedLine("what it was drawn with is not understood, so no command is shown: \(error)")
  }
  let verb = words.prefix { !$0.hasPrefix("-") }
  let model = provenance.model.map { $0.hasPrefix("-") ? ["--model=\($0)"] : ["--model", $0] } ?? []
  return "drawn again by\n"
    + shellLine(["sample"] + verb + model + words.dropFirst(verb.count) + ["--out", "again.png"])
}

/// The pixels of a PNG and its text chunks.
private func readPicture(_ path: String) throws -> (picture: Picture, chunks: [(key: String, value: String)]) {
  let bytes = try readFile(path)
  do { return (try Picture(png: bytes), try pngText(bytes)) } catch { throw SettingsError("\(path): \(error)") }
}

private func provenance(_ chunks: [(key: String, value: String)], of path: String) throws -> Provenance? {
  do { return try Provenance.read(chunks) } catch {
    throw SettingsError("\(path): what it says of itself cannot be understood; was it drawn by another version?")
  }
}

/// A command that draws images, as one of them says it.
private enum DrawingCommand {
  case draw(Options)
  case reconstruct(Options, images: [String])
  case interpolate(Options, InterpolationEnds)

  var options: Options {
    switch self {
    case .draw(let options), .reconstruct(let options, _), .interpolate(let options, _): options
    }
  }

  /// What draws the images, their noise found.
  ///
  /// - Throws: what drawing throws before its first step.
  func plan(_ model: Model) throws -> Plan {
    switch self {
    case .draw(let options): return try Plan(options, model)
    case .reconstruct(let options, let images):
      let given = try InputImages(images, for: model)
      var plan = try Plan(options, model, reconstructing: given)
      plan.noise = Inversion(plan).encode(given.pictures) { _, _ in }
      return plan
    case .interpolate(let options, let ends):
      var interpolation = try Interpolation(options, ends, model)
      interpolation.findNoise { _, _ in }
      return interpolation.plan
    }
  }
}

/// The command that an image says it was drawn with.
private func parsed(_ provenance: Provenance, of path: String) throws -> DrawingCommand {
  do {
    // What is drawn is an image; reconstruct need not draw any.
    switch try parse(provenance.arguments + ["--out", "again.png"]) {
    case .draw(let options): return .draw(options)
    case .reconstruct(let options, let images): return .reconstruct(options, images: images)
    case .interpolate(let options, let ends): return .interpolate(options, ends)
    default: break
    }
  } catch { throw SettingsError("\(path): was drawn with options that this version does not have: \(error)") }
  throw SettingsError("\(path): what it says of itself is not how an image is drawn")
}
