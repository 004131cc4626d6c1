import DiffusionCommandLine
import DiffusionFiles
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
  if options.request.model == nil, let recorded = provenance.model {
    guard try kind(ofPath: recorded) != .nothing else { throw ImageInfoError.noModel(path: path, model: recorded) }
    options.request.model = recorded
  }
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
  // Earlier versions recorded no hash of --low-res, and that of all files of a folder.
  let (own, all) = (plan.inputHashes(of: image), plan.inputHashes(of: nil))
  let changed = (own ?? [:]).keys.sorted().first { name in
    let recorded = provenance.files?[name]
    return recorded != own?[name] && recorded != all?[name] && !(recorded == nil && name == "low-res")
  }
  if let changed { throw ImageInfoError.otherFile(path: path, option: changed) }
  // Encoded noise has a row for each image, and the file may claim one that is not there.
  if plan.request.source != .noise, !plan.indices.contains(image: image) {
    throw ImageInfoError.unreadable(path: path, UsageError("there is no image \(image) in what it was drawn from"))
  }
  var generator = ImageGenerator(plan)
  let x = generator.draw([image]) { _ in }.x
  let drawn = try Picture(x, 0, bits: drawing.bits, rounding: plan.roundsPixels).enlarged(by: drawing.scale)
  try compare(drawn, picture, path)
  try printText("\(escapingControls(path)): pixel-identical\n")
}

private func compare(_ drawn: Picture, _ picture: Picture, _ path: String) throws {
  guard drawn.width == picture.width, drawn.height == picture.height, drawn.channels == picture.channels,
    drawn.bits == picture.bits
  else { throw ImageInfoError.otherSize(path: path, found: picture, drawn: drawn) }
  let differences = zip(drawn.samples, picture.samples).map { abs($0 - $1) }
  let largest = differences.max() ?? 0
  guard largest == 0 else {
    throw ImageInfoError.otherPixels(
      path: path, count: differences.count { $0 > 0 }, of: differences.count, largest: largest,
      most: 1 << picture.bits - 1)
  }
}
