import DiffusionCommandLine
import DiffusionImages
import DiffusionTerminal
import DiffusionText
import Sampling

/// Draws an image again from its record, and says whether the pixels are identical.
///
/// - Throws: `ImageInfoError` if the record is missing or incomplete, or the result differs; errors from drawing.
func reproduce(_ options: Options, image path: String) throws {
  let (picture, chunks) = try readDrawnPicture(path)
  guard let provenance = try readProvenance(chunks, of: path) else { throw ImageInfoError.noProvenance(path: path) }
  guard let image = provenance.image else { throw ImageInfoError.sheet(path: path) }
  let drawing: RecordedDrawing
  do throws(UsageError) { drawing = try RecordedDrawing(provenance) } catch {
    throw ImageInfoError.unknownOptions(path: path, error)
  }
  guard drawing.view != .strip else { throw ImageInfoError.view(path: path) }
  guard drawing.request.noiseStream == .philox else { throw ImageInfoError.torch(path: path) }
  var options = options
  options.request.model = options.request.model ?? provenance.model
  options.request.settings = drawing.request.settings
  let model = try openModel(options)
  guard model.fingerprint == provenance.modelHash else {
    throw ImageInfoError.otherModel(
      path: path, needed: provenance.modelHash, model: model.name, found: model.fingerprint)
  }
  var request = drawing.request
  if let other = options.request.guideModel {
    guard request.guideModel != nil else {
      throw UsageError("--guide-model: \(path) was drawn without one; leave it out")
    }
    request.guideModel = other
  }
  let plan = try model.plan(for: request)
  if let changed = plan.inputHashes?.filter({ $0.value != provenance.files?[$0.key] }).keys.min() {
    throw ImageInfoError.otherFile(path: path, option: changed)
  }
  // Encoded noise has a row for each image, and the file may claim one that is not there.
  if plan.request.source != .noise, !plan.indices.contains(image: image) {
    throw ImageInfoError.unreadable(path: path, UsageError("there is no image \(image) in what it was drawn from"))
  }
  var generator = ImageGenerator(plan)
  let drawn = try Picture(generator.draw([image]) { _ in }.x, 0, rounding: plan.roundsPixels).enlarged(
    by: drawing.scale)
  try compare(drawn, picture, path)
  try printText("\(escapingControls(path)): pixel-identical\n")
}

private func compare(_ drawn: Picture, _ picture: Picture, _ path: String) throws {
  guard drawn.width == picture.width, drawn.height == picture.height, drawn.channels == picture.channels else {
    throw ImageInfoError.otherSize(path: path, found: picture, drawn: drawn)
  }
  let differences = zip(drawn.pixels, picture.pixels).map { abs(Int($0) - Int($1)) }
  let largest = differences.max() ?? 0
  guard largest == 0 else {
    throw ImageInfoError.otherPixels(
      path: path, count: differences.count { $0 > 0 }, of: differences.count, largest: largest)
  }
}
