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
    try self.init(request, try ModelDescription(request, classCount: classCount, classNames: classNames))
  }

  /// - Parameters:
  ///   - request: a request without a `problem`.
  ///   - description: the complete description of the model.
  /// - Throws: `ModelError.unusable` if the model is impossible.
  init(_ request: TrainingRequest, _ description: ModelDescription) throws(ModelError) {
    let size = request.imageSize
    if let small = request.smallSize, small >= size || size % small != 0 {
      throw .unusable(
        reason: "--small-size \(small): pictures of \(size) pixels are halved, or more, to it; \(size / 2) for instance"
      )
    }
    var options = NetworkOptions()
    (options.dropout, options.useCheckpoint) = (request.dropout, request.useCheckpoint)
    self.request = request
    self.description = description
    process = try ProcessSpecification(description, name: "the model")
    configuration = UNetConfiguration(description, options)
    do {
      try configuration.validate()
      try configuration.validateGradients()
    } catch { throw .unusable(reason: "\(error)\(configuration.advice(on: error))") }
    // A single convolution's weights would take more than nine gigabytes.
    if let width = configuration.channelMult.indices.map(configuration.width).first(where: { $0 > 16_384 }) {
      throw .unusable(
        reason: "a level would have \(width) channels, which no computer trains; type for instance --num-channels 128")
    }
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
    if let consistency = process.continuous, consistency.form.isConsistency {
      return ConsistencyLoss(
        network: try denoiser(weights), takesLabels: description.numClasses != nil, diffusion: consistency,
        stageSteps: request.stageSteps)
    }
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

extension UNetConfiguration {
  /// What to type to get out of an error in it, for instance, after a semicolon; empty if the error says it.
  fileprivate func advice(on error: ConfigurationError) -> String {
    // Multipliers below 1 ask for a multiple of more.
    let least = (channelMult.min() ?? 1) < 1 ? 64 : 32
    let channels = max(1, (modelChannels + least - 1) / least) * least
    return switch error {
    case .notGroups, .notBlocks:
      "; type for instance --num-channels \(channels)" + (least > 32 ? ", or --channel-mult 1,2" : "")
    case .notHeads: "; type for instance --num-heads 1"
    case .notHeadChannels: "; type for instance --num-head-channels 32"
    default: ""
    }
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
          "for pictures of \(size) pixels the original has no usual levels; type for instance --channel-mult "
          + (size % 4 == 0 ? "1,2,2" : size % 2 == 0 ? "1,2" : "1")
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
