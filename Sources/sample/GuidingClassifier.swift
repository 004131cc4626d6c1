import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import TensorCore

/// A classifier of noisy pictures that tells a sampler where its classes lie (Dhariwal & Nichol 2021, §4).
struct GuidingClassifier {
  /// The file.
  let name: String
  let settings: ModelSettings
  let network: EncoderUNetModel
  /// s: how much it counts for.
  let scale: Double

  /// The classes it knows.
  var classCount: Int { settings.unet.outChannels }

  /// Loads the classifier at `path` for pictures that `model` draws.
  ///
  /// - Throws: `CheckpointError`; `SettingsError` for what is no classifier, or one of other pictures.
  init(path: String, scale: Double, for model: Model) throws {
    let source = try ModelSource(path: path, flags: ModelFlags())
    (name, settings, self.scale) = (source.name, source.settings, scale)
    guard settings.kind == .classifier else {
      throw SettingsError("--classifier: \(path) is a \(settings.kind.rawValue), not a classifier (EncoderUNetModel)")
    }
    guard settings.imageSize == model.settings.imageSize, settings.unet.inChannels == model.settings.unet.imageChannels
    else {
      throw SettingsError(
        "--classifier: \(path) looks at pictures of \(settings.imageSize)×\(settings.imageSize) and \(settings.unet.inChannels) channels, but \(model.name) draws \(model.settings.imageSize)×\(model.settings.imageSize) and \(model.settings.unet.imageChannels)"
      )
    }
    network = try source.frozenClassifier()
    if let classes = model.settings.unet.numClasses, model.settings.drawableClasses.count > classCount {
      throw SettingsError(
        "--classifier: \(path) knows \(classCount) classes, but \(model.name) has \(classes); take one that was trained on the same data"
      )
    }
  }

  /// The gradient of s · log p(y | x_t).
  func gradient(_ x: Tensor, _ timesteps: [Float], _ labels: [Int]) -> Tensor {
    let scale = Float(scale)
    return network.logProbabilityGradient(x, timesteps: timesteps, labels: labels).map { scale * $0 }
  }
}
