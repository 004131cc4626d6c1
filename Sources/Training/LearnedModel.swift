import DiffusionCheckpoints
import DiffusionCore
import DiffusionModels
import DiffusionText

/// The model in the checkpoint that a run begins with, so that flags need not repeat what its file says, or what is
/// known of it: the network's shape, the process, the classes. A flag that contradicts is an error.
struct LearnedModel {
  /// The request, with what the file says in its settings.
  let request: TrainingRequest
  /// The description for the run's own checkpoints, but for the names of classes.
  let description: ModelDescription
  /// The tensors, under the names that the network requests.
  let state: StateDict
  /// The names of the tensors, as in the file.
  let name: String

  /// Reads the model at `path`, a file or a folder that diffusers saved.
  ///
  /// - Parameter isOwn: whether this run has written it, with its description.
  /// - Throws: `ModelError` if it is not one that can be trained, or if a setting contradicts it.
  init(_ path: String, _ request: TrainingRequest, isOwn: Bool) throws(ModelError) {
    let source = try ModelSource(path: path, stated: request.settings)
    let specification = source.specification
    name = source.name
    state = source.checkpoint.state
    try Self.check(source, request, isOwn: isOwn)
    var known = specification.description
    // Word for word, so that a run that goes on writes what one that was never interrupted does.
    if isOwn || specification.isFullyDescribed, let said = source.checkpoint.described?.description { known = said }
    let (taken, out) = (specification.imageChannels, known.outChannels ?? 0)
    if specification.task != .classification && specification.process.continuous == nil {
      known.learnSigma = out == 2 * taken
    }
    if request.distilled != nil {
      known.process = ContinuousDiffusion.Form.discreteConsistency.rawValue
      // Other samplers are advised for one; guidance would take a second pass.
      (known.recommendedSampler, known.recommendedGuidance) = (nil, nil)
    }
    description = known
    self.request = Self.completed(request, specification, known)
  }

  /// - Throws: `ModelError.unusable` for a model that is not trained here, or not as it is asked for.
  private static func check(_ source: ModelSource, _ request: TrainingRequest, isOwn: Bool) throws(ModelError) {
    let (specification, name) = (source.specification, source.name)
    guard type(of: source.family).isTrainable else {
      throw .unusable(
        reason: "\(name): networks of \(specification.family) only draw; train goes on with those of OpenAI's UNet")
    }
    guard specification.autoencoder == nil else {
      throw .unusable(
        reason: "\(name): draws latents, and train learns from pictures; give a model that draws pictures")
    }
    guard specification.conditionChannels == 0, specification.dimensions == 2 else {
      throw .unusable(reason: "\(name): only models that draw two-dimensional pictures from noise are trained here")
    }
    if request.distilled != nil {
      guard specification.task == .denoising else {
        throw .unusable(reason: "\(name): does not draw from noise alone, which --distill needs")
      }
      guard isOwn || specification.process.continuous == nil else {
        throw .unusable(
          reason: "\(name): its process is \(specification.process.name), and --distill takes models in timesteps only")
      }
      // Before the data is looked at, and by the file's name.
      var consistency = specification.description
      consistency.process = ContinuousDiffusion.Form.discreteConsistency.rawValue
      _ = try ProcessSpecification(consistency, name: name)
    } else if specification.process.continuous?.form == .discreteConsistency {
      throw .unusable(
        reason:
          "\(name): is a consistency model; go on with its run by --resume, or distill the model it comes from anew")
    } else if let process = specification.process.continuous, process.form != .flow {
      throw .unusable(
        reason: "\(name): its process is \(process.form.rawValue), and train learns diffusion and flows (flow) only")
    }
    if let said = source.checkpoint.described?.description {
      for (key, stated, inFile) in [
        ("prediction", ModelDescription(request.settings).prediction, said.statedPrediction),
        ("process", request.settings.process, said.process ?? "diffusion"),
      ] {
        if let stated, let inFile, stated != inFile {
          throw .statedContradictsFile(flag: key, value: stated, file: name, found: inFile)
        }
      }
    }
    switch (specification.task, request.isClassifier, request.smallSize) {
    case (.classification, false, _):
      throw .unusable(reason: "\(name): is a classifier; type --classifier True too")
    case (.denoising, true, _), (.superResolution, true, _):
      throw .unusable(reason: "\(name): draws images, and --classifier trains one that does not; leave one of them out")
    case (.superResolution, false, nil):
      throw .unusable(
        reason: "\(name): enlarges images; type --small-size and their size too, "
          + "\(specification.imageSize / 4) for instance")
    case (.denoising, false, .some):
      throw .unusable(reason: "\(name): enlarges nothing, as --small-size does; leave one of them out")
    default: break
    }
    if request.nullClassProbability != nil && specification.nullClass == nil {
      throw .unusable(reason: "\(name): has no null class, which --null-class asks for; leave --null-class out")
    }
  }

  /// `request` with the settings that the data and the loss depend on.
  private static func completed(
    _ request: TrainingRequest, _ specification: ModelSpecification, _ description: ModelDescription
  ) -> TrainingRequest {
    var request = request
    request.settings.imageSize = specification.imageSize
    request.settings.inChannels = specification.imageChannels
    if specification.process.continuous?.form == .flow { request.settings.process = "flow" }
    guard specification.task != .classification else { return request }
    request.settings.classCond = specification.classCount != nil
    request.settings.learnSigma = description.learnSigma == true
    return request
  }
}
