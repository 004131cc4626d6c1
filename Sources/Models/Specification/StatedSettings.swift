import DiffusionBytes

/// The user's settings for a model, from a command line or a request. They may not contradict the model's file.
/// Settings not given are nil.
///
/// JSON keys are the names of the flags of the original's scripts: `image_size`, `num_channels`, …
public struct StatedSettings: Sendable, Equatable, Codable {
  /// The width and height in pixels.
  public var imageSize: Int?
  /// The width that `channelMult` multiplies.
  public var numChannels: Int?
  /// The residual blocks per level.
  public var numResBlocks: Int?
  /// The multipliers of the width, one per level.
  public var channelMult: [Double]?
  /// The number of attention heads.
  public var numHeads: Int?
  /// The attention heads in the upsampling half.
  public var numHeadsUpsample: Int?
  /// The channels of each attention head.
  public var numHeadChannels: Int?
  /// Whether q, k and v are packed for all heads together.
  public var useNewAttentionOrder: Bool?
  /// Whether residual blocks do the resampling.
  public var resblockUpdown: Bool?
  /// The image resolutions (16, 8, …) at which there is attention.
  public var attentionResolutions: [Int]?
  /// Whether the variance is predicted.
  public var learnSigma: Bool?
  /// Whether the model is class-conditional.
  public var classCond: Bool?
  /// The number of classes.
  public var numClasses: Int?
  /// The label of the null class.
  public var nullClass: Int?
  /// Whether the timestep embedding scales and shifts, instead of being added.
  public var useScaleShiftNorm: Bool?
  /// The channels of the images.
  public var inChannels: Int?
  /// Whether the images that a conditional model draws from come before its own channels.
  public var conditionFirst: Bool?
  /// The number of steps T of the process.
  public var diffusionSteps: Int?
  /// `linear`, `cosine` or `sigmoid`.
  public var noiseSchedule: String?
  /// Whether timesteps are rescaled to run to 1000 for any T.
  public var rescaleTimesteps: Bool?
  /// The process: a name in `ProcessSpecification.names`.
  public var process: String?
  /// The least σ of a continuous process.
  public var sigmaMin: Double?
  /// The largest σ of a continuous process.
  public var sigmaMax: Double?
  /// What the model predicts: `epsilon`, `sample` or `v`, also called `velocity`.
  public var prediction: String?
  /// Whether the model predicts the image instead of the noise.
  public var predictXstart: Bool?
  /// Whether the fixed variance is the posterior's.
  public var sigmaSmall: Bool?
  /// Settings of networks of other code bases, by their names there.
  public var network: [String: String]?

  /// Creates empty settings.
  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case imageSize = "image_size"
    case numChannels = "num_channels"
    case numResBlocks = "num_res_blocks"
    case channelMult = "channel_mult"
    case numHeads = "num_heads"
    case numHeadsUpsample = "num_heads_upsample"
    case numHeadChannels = "num_head_channels"
    case useNewAttentionOrder = "use_new_attention_order"
    case resblockUpdown = "resblock_updown"
    case attentionResolutions = "attention_resolutions"
    case learnSigma = "learn_sigma"
    case classCond = "class_cond"
    case numClasses = "num_classes"
    case nullClass = "null_class"
    case useScaleShiftNorm = "use_scale_shift_norm"
    case inChannels = "in_channels"
    case conditionFirst = "condition_first"
    case diffusionSteps = "diffusion_steps"
    case noiseSchedule = "noise_schedule"
    case rescaleTimesteps = "rescale_timesteps"
    case process
    case sigmaMin = "sigma_min"
    case sigmaMax = "sigma_max"
    case prediction
    case predictXstart = "predict_xstart"
    case sigmaSmall = "sigma_small"
    case network
  }

  /// The JSON keys of the settings.
  public static let names = CodingKeys.allCases.map(\.rawValue)

  /// One sentence on two settings that say different things of what is predicted; nil if there are none.
  public var predictionProblem: String? {
    guard let prediction, let predictXstart, (prediction == "sample") != predictXstart else { return nil }
    let xstart = predictXstart ? "True" : "False"
    return "--prediction \(prediction) contradicts --predict-xstart \(xstart); type only one of them"
  }

  /// Checks that a request's object has no unknown setting under the key `settings`.
  ///
  /// - Throws: `DecodingError` with the first key that is no setting.
  public static func checkNames(in request: KeyedDecodingContainer<AnyKey>) throws {
    let key = AnyKey(stringValue: "settings")
    guard request.contains(key) else { return }
    try request.nestedContainer(keyedBy: AnyKey.self, forKey: key).refuseKeys(besides: names)
  }
}

extension ModelDescription {
  /// Creates a description from stated settings, without attention resolutions, which depend on the image size.
  public init(_ stated: StatedSettings) {
    self.init()
    imageSize = stated.imageSize
    inChannels = stated.inChannels
    conditionFirst = stated.conditionFirst
    modelChannels = stated.numChannels
    numResBlocks = stated.numResBlocks
    channelMult = stated.channelMult
    numClasses = stated.numClasses
    nullClass = stated.nullClass
    numHeads = stated.numHeads
    numHeadsUpsample = stated.numHeadsUpsample
    numHeadChannels = stated.numHeadChannels
    useNewAttentionOrder = stated.useNewAttentionOrder
    resblockUpdown = stated.resblockUpdown
    useScaleShiftNorm = stated.useScaleShiftNorm
    learnSigma = stated.learnSigma
    noiseSchedule = stated.noiseSchedule
    diffusionSteps = stated.diffusionSteps
    process = stated.process
    (sigmaMin, sigmaMax) = (stated.sigmaMin, stated.sigmaMax)
    // Papers call v, and what a flow predicts, the velocity.
    prediction =
      stated.prediction.map { $0 == "velocity" ? "v" : $0 } ?? stated.predictXstart.map { $0 ? "sample" : "epsilon" }
    sigmaSmall = stated.sigmaSmall
    network = stated.network
    rescaleTimesteps = stated.rescaleTimesteps
  }
}
