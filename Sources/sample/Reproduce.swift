import CommandLineInterface
import Console
import Images
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
  var drawing = try parsed(provenance, of: path)
  guard drawing.rng == .philox else {
    throw SettingsError(
      "\(path): was drawn from PyTorch's stream of numbers, in which an image depends on those before it; draw all of them again with the command that sample show \(path) prints"
    )
  }
  drawing.model = options.model ?? provenance.model
  let model = try Model(drawing)
  guard model.fingerprint == provenance.modelHash else {
    throw SettingsError(
      "\(path): was drawn with the model \(provenance.modelHash.prefix(10)), but \(model.name) is \(model.fingerprint.prefix(10)); type --model and the file of that model"
    )
  }
  let plan = try Plan(drawing, model)
  if let changed = plan.initial?.files.filter({ $0.value != provenance.files?[$0.key] }).keys.min() {
    throw SettingsError(
      "\(path): was drawn with another picture as --\(changed) than is there now; put that back in its place")
  }
  var again = Drawing(plan)
  let drawn = try Picture(again.draw([image]) { _ in }.x, 0).enlarged(by: drawing.scale)
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
  var lines = chunks.map { "\($0.key): \($0.value)" }
  if let provenance = try provenance(chunks, of: path) {
    let model = provenance.model.map { ["--model", $0] } ?? []
    lines += ["", "drawn again by", shellLine(["sample"] + model + provenance.arguments + ["--out", "again.png"])]
  }
  try writeToStandardOutput(Array((lines.joined(separator: "\n") + "\n").utf8))
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

/// The options that an image says it was drawn with.
private func parsed(_ provenance: Provenance, of path: String) throws -> Options {
  do {
    if case .draw(let options) = try parse(provenance.arguments) { return options }
  } catch { throw SettingsError("\(path): was drawn with options that this version does not have: \(error)") }
  throw SettingsError("\(path): what it says of itself is not how an image is drawn")
}
