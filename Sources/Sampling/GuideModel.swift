import DiffusionCore
import DiffusionModels

/// A smaller or less trained model that guides another of the same process (Karras et al. 2024, "Guiding a Diffusion
/// Model with a Bad Version of Itself").
public struct GuideModel: Sendable {
  /// The model.
  public let model: DiffusionModel

  /// Opens the model at `path` to guide `guided`.
  ///
  /// - Parameters:
  ///   - path: the file or folder.
  ///   - settings: the user's for the guided model, which hold for this one too as far as its file does not say.
  ///   - guided: the model that it guides.
  /// - Throws: `SamplingError`, also if it draws other images, or knows noise otherwise, than `guided`.
  init(path: String, settings: StatedSettings, for guided: DiffusionModel) throws(SamplingError) {
    do throws(SamplingError) {
      model = try DiffusionModel(path: path, settings: settings.hidden)
    } catch {
      // A file that describes itself may contradict what had to be said of the other.
      guard let described = try? DiffusionModel(path: path) else {
        throw .request("--guide-model: \(error)")
      }
      model = described
    }
    let (weak, own) = (model.specification, guided.specification)
    func refuse(_ what: String, _ found: String, _ needed: String) -> SamplingError {
      .request("--guide-model: \(path) has \(what) \(found), but \(guided.name) has \(needed); give a model like it")
    }
    guard weak.imageShape == own.imageShape else {
      throw refuse("images of shape", "\(weak.imageShape)", "\(own.imageShape)")
    }
    guard weak.autoencoder == own.autoencoder else {
      throw refuse("an autoencoder", weak.autoencoder?.kind ?? "none", own.autoencoder?.kind ?? "none or another")
    }
    guard weak.task == own.task, own.task == .denoising else {
      throw .request("--guide-model: a super-resolution model neither guides nor is guided; leave --guide-model out")
    }
    guard weak.conventions.imagesFromZero == own.conventions.imagesFromZero else {
      throw .request("--guide-model: \(path) and \(guided.name) know images in other ranges; give a model like it")
    }
    guard weak.conditionChannels == 0, own.conditionChannels == 0 else {
      throw .request(
        "--guide-model: a model that draws from images neither guides nor is guided; leave --guide-model out")
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
}

extension StatedSettings {
  /// Those that no tensor shows.
  fileprivate var hidden: StatedSettings {
    var hidden = StatedSettings()
    (hidden.imageSize, hidden.process, hidden.prediction) = (imageSize, process, prediction)
    (hidden.predictXstart, hidden.noiseSchedule, hidden.diffusionSteps) = (predictXstart, noiseSchedule, diffusionSteps)
    (hidden.rescaleTimesteps, hidden.sigmaSmall, hidden.nullClass) = (rescaleTimesteps, sigmaSmall, nullClass)
    (hidden.sigmaMin, hidden.sigmaMax, hidden.network) = (sigmaMin, sigmaMax, network)
    (hidden.numHeads, hidden.numHeadsUpsample) = (numHeads, numHeadsUpsample)
    (hidden.numHeadChannels, hidden.useNewAttentionOrder) = (numHeadChannels, useNewAttentionOrder)
    return hidden
  }
}

extension ProcessSpecification {
  /// Whether a network of `other` is told the same of noise and predicts the same, whatever the variance of its steps.
  fileprivate func predictsLike(_ other: ProcessSpecification) -> Bool {
    /// Without what only the sampler uses.
    func told(_ process: ContinuousDiffusion?) -> ContinuousDiffusion? {
      guard var process else { return nil }
      (process.langevin, process.learnsVariance) = (Langevin(), false)
      return process
    }
    return told(continuous) == told(other.continuous) && betas == other.betas && meanType == other.meanType
      && rescaleTimesteps == other.rescaleTimesteps
  }
}
