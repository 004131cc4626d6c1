import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionModels

/// The model that a request asks for, and its training: the original's `create_model_and_diffusion` and
/// guided-diffusion's `create_classifier_and_diffusion`, with the defaults of their scripts.
public struct TrainingSpecification: Sendable {
  /// The request.
  public let request: TrainingRequest
  /// The description stored in checkpoints: everything that sampling needs to know about the model.
  public let description: ModelDescription
  /// The process that the model learns to reverse.
  public let process: ProcessSpecification
  /// The shape of the network.
  public let configuration: UNetConfiguration

  /// - Parameters:
  ///   - request: a request without a `problem`.
  ///   - classCount: the number of classes in the data; required if `request.wantsClasses`, otherwise nil.
  ///   - classNames: the names of the classes, if the data gives them.
  /// - Throws: `ModelError.unusable` if the model is impossible.
  public init(_ request: TrainingRequest, classCount: Int?, classNames: [String]?) throws(ModelError) {
    let size = request.imageSize
    if let small = request.smallSize, small >= size || size % small != 0 {
      throw .unusable(
        reason: "--small-size \(small): pictures of \(size) pixels are halved, or more, to it; \(size / 2) for instance"
      )
    }
    var options = NetworkOptions()
    (options.dropout, options.useCheckpoint) = (request.dropout, request.useCheckpoint)
    self.request = request
    description = try ModelDescription(request, classCount: classCount, classNames: classNames)
    process = try ProcessSpecification(description, name: "the model")
    configuration = UNetConfiguration(description, options)
    do {
      try configuration.validate()
      try configuration.validateGradients()
    } catch { throw .unusable(reason: "\(error)") }
    guard size % configuration.sizeMultiple == 0 else {
      throw .unusable(
        reason:
          "--image-size \(size) cannot be halved \(configuration.channelMult.count - 1) times; "
          + "choose a multiple of \(configuration.sizeMultiple), or a shorter --channel-mult"
      )
    }
  }

  /// Builds the denoiser from `weights`.
  ///
  /// - Throws: `CheckpointError` if the weights belong to another network.
  public func denoiser(_ weights: Weights) throws(CheckpointError) -> any DenoisingNetwork {
    precondition(!request.isClassifier, "a classifier is no denoiser")
    return try UNetModel(configuration, weights)
  }

  /// Builds the loss, with its network from `weights`.
  ///
  /// - Throws: `CheckpointError` if the weights belong to another network.
  public func loss(_ weights: Weights) throws(CheckpointError) -> any TrainingLoss {
    if process.continuous != nil {
      return FlowLoss(network: try denoiser(weights), takesLabels: description.numClasses != nil)
    }
    let diffusion = process.diffusion()
    if request.isClassifier {
      return ClassifierLoss(
        network: try EncoderUNetModel(configuration, weights), diffusion: diffusion, isNoised: request.isNoised)
    }
    return DenoisingLoss(
      network: try denoiser(weights), takesLabels: description.numClasses != nil, diffusion: diffusion,
      type: request.useKL ? .rescaledKL : request.rescaleLearnedSigmas ? .rescaledMSE : .mse,
      smallSize: request.smallSize)
  }
}

extension ModelDescription {
  /// The complete description of the model that a training request asks for, with the defaults of the original's
  /// scripts.
  fileprivate init(
    _ request: TrainingRequest, classCount: Int?, classNames: [String]?
  ) throws(ModelError) {
    let (stated, size, channels) = (request.settings, request.imageSize, request.imageChannels)
    let isClassifier = request.isClassifier
    self.init(stated)
    if isClassifier { kind = Architecture.Kind.classifier.rawValue }
    if request.smallSize != nil { kind = Architecture.Kind.superResolution.rawValue }
    let isGuided =
      isClassifier || resblockUpdown == true || numHeadChannels != nil || useNewAttentionOrder == true
    family = isGuided ? GuidedDiffusion.name : ImprovedDiffusion.name
    (imageSize, inChannels) = (size, channels)
    modelChannels = modelChannels ?? 128
    numResBlocks = numResBlocks ?? 2
    channelMult = channelMult ?? UNetConfiguration.usualChannelMult(imageSize: size)
    if channelMult == nil {
      throw .unusable(
        reason:
          "for pictures of \(size) pixels the original has no usual levels; type for instance --channel-mult 1,2,2"
      )
    }
    let resolutions = stated.attentionResolutions ?? (isClassifier ? [32, 16, 8] : [16, 8])
    attentionResolutions = Set(resolutions.filter { $0 <= size }.map { size / $0 }).sorted()
    numHeadChannels = numHeadChannels ?? (isClassifier && numHeads == nil ? 64 : nil)
    numHeads = numHeads ?? 4
    useNewAttentionOrder = useNewAttentionOrder ?? false
    resblockUpdown = resblockUpdown ?? isClassifier
    useScaleShiftNorm = useScaleShiftNorm ?? true
    if isClassifier {
      (outChannels, learnSigma) = (classCount ?? 0, nil)
    } else {
      learnSigma = learnSigma ?? false
      outChannels = learnSigma == true ? 2 * channels : channels
      // The null class comes after the classes of the data.
      nullClass = request.nullClassProbability == nil ? nil : classCount
      numClasses = classCount.map { $0 + (nullClass == nil ? 0 : 1) }
    }
    self.classNames = classNames
    if process == "flow" {
      diffusionSteps = 1000
      return
    }
    noiseSchedule = noiseSchedule ?? BetaSchedule.linear.rawValue
    diffusionSteps = diffusionSteps ?? 1000
    prediction = prediction ?? "epsilon"
    sigmaSmall = sigmaSmall ?? false
    rescaleTimesteps = rescaleTimesteps ?? true
  }
}
