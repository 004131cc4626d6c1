import DiffusionCore
import DiffusionPlatform

extension SamplingPlan {
  /// The text chunks of an image or sheet: how it was drawn, once in the form that image browsers show (`parameters`,
  /// after stable-diffusion-webui) and once in full.
  ///
  /// - Parameters:
  ///   - image: its index; nil for a sheet.
  ///   - label: its class, if it has one.
  ///   - sheet: the layout of a sheet.
  ///   - scale: enlargement of each pixel.
  ///   - bits: of each sample.
  ///   - view: set if the file shows the denoising rather than the image alone.
  public func textChunks(
    image: Int?, label: Int?, sheet: SheetLayout? = nil, scale: Int = 1, bits: Int = 8,
    view: Provenance.View? = nil
  ) -> [(key: String, value: String)] {
    let provenance = Provenance(self, image: image, label: label, sheet: sheet, scale: scale, bits: bits, view: view)
    var parameters = [
      "Steps: \(process.count)", "Sampler: \(sampler.title)", "CFG scale: \(guidance)",
      "Size: \(pictureShape[2])x\(pictureShape[1])", "Model hash: \(provenance.modelHash.prefix(10))",
      "Model: \(model.shortName)",
    ]
    if let seed = provenance.seed { parameters.insert("Seed: \(seed)", at: 3) }
    if let guide { parameters.append("Guide model: \(guide.model.name)") }
    if let classifier { parameters.append("Classifier: \(classifier.name) at \(classifier.scale)") }
    if let initial { parameters.append("Denoising strength: \(initial.strength)") }
    if let label { parameters.append("Class: \(model.specification.name(ofClass: label))") }
    if let image { parameters.append("Image: \(image)") }
    let json: String
    do { json = try provenance.json() } catch {
      preconditionFailure("numbers that are not finite, which is all that JSON refuses, are none of a plan: \(error)")
    }
    return [
      ("Software", "sample \(programVersion)"), ("parameters", parameters.joined(separator: ", ")),
      (Provenance.key, json),
    ]
  }
}
