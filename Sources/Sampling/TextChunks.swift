import DiffusionCore
import DiffusionPlatform

extension SamplingPlan {
  /// The text chunks of an image, or of a sheet: what drew it, in the form that image browsers show (`parameters`, after
  /// stable-diffusion-webui) and in full.
  ///
  /// - Parameters:
  ///   - image: nil for a sheet.
  ///   - label: the class of the image, if it has one.
  ///   - sheet: how the images stand on it.
  ///   - scale: how many times each pixel is enlarged.
  ///   - view: what is shown, if not the image alone.
  public func textChunks(
    image: Int?, label: Int?, sheet: SheetLayout? = nil, scale: Int = 1, view: Provenance.View? = nil
  ) -> [(key: String, value: String)] {
    let provenance = Provenance(self, image: image, label: label, sheet: sheet, scale: scale, view: view)
    var parameters = [
      "Steps: \(diffusion.count)", "Sampler: \(sampler.title)", "CFG scale: \(guidance)",
      "Size: \(imageShape[2])x\(imageShape[1])", "Model hash: \(provenance.modelHash.prefix(10))",
      "Model: \(model.shortName)",
    ]
    if let seed = provenance.seed { parameters.insert("Seed: \(seed)", at: 3) }
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
