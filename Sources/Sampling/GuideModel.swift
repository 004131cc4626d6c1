import DiffusionCore
import DiffusionModels

/// A smaller or less trained model that guides another of the same process (Karras et al. 2024, "Guiding a Diffusion
/// Model with a Bad Version of Itself").
public struct GuideModel: Sendable {
  /// The model.
  public let model: DiffusionModel

  /// Opens the model at `path` to guide `guided`.
  ///
  /// - Throws: `SamplingError`, also if it draws other images, or knows noise otherwise, than `guided`.
  init(path: String, for guided: DiffusionModel) throws(SamplingError) {
    model = try DiffusionModel(path: path, settings: Self.settings(guided))
    let (weak, own) = (model.specification, guided.specification)
    func refuse(_ what: String, _ found: String, _ needed: String) -> SamplingError {
      .request("--guide-model: \(path) has \(what) \(found), but \(guided.name) has \(needed); give a model like it")
    }
    guard weak.imageShape == own.imageShape else {
      throw refuse("images of shape", "\(weak.imageShape)", "\(own.imageShape)")
    }
    guard weak.task == own.task, own.task == .denoising else {
      throw .request("--guide-model: a super-resolution model neither guides nor is guided; leave --guide-model out")
    }
    guard weak.classCount == own.classCount else {
      throw refuse("classes", weak.classCount.map(String.init) ?? "none", own.classCount.map(String.init) ?? "none")
    }
    guard weak.process.predictsLike(own.process) else {
      throw .request(
        """
        --guide-model: \(path) was trained on another process or predicts something else than \(guided.name); \
        sample inspect says what each of them does
        """)
    }
  }

  /// The settings that a model's description leaves open are those of the guided one.
  private static func settings(_ guided: DiffusionModel) -> StatedSettings {
    var settings = StatedSettings()
    for setting in guided.specification.settings where setting.source == .stated {
      switch setting.key {
      case "image_size": settings.imageSize = guided.specification.imageSize
      case "process": settings.process = setting.value
      case "prediction": settings.prediction = setting.value
      case "noise_schedule": settings.noiseSchedule = setting.value
      case "diffusion_steps": settings.diffusionSteps = guided.specification.process.steps
      case "rescale_timesteps": settings.rescaleTimesteps = guided.specification.process.rescaleTimesteps
      default: break
      }
    }
    return settings
  }
}

extension ProcessSpecification {
  /// Whether a network of `other` is told the same of noise and predicts the same, whatever the variance of its steps.
  fileprivate func predictsLike(_ other: ProcessSpecification) -> Bool {
    continuous == other.continuous && betas == other.betas && meanType == other.meanType
      && rescaleTimesteps == other.rescaleTimesteps
  }
}
