/// What a person says of a model, on a command line or in a request. A file that knows better contradicts it. What is nil was not said.
///
/// In JSON the names are those of the flags of the original's scripts: `image_size`, `num_channels`, …
public struct StatedSettings: Sendable, Equatable, Codable {
  /// Width and height in pixels.
  public var imageSize: Int?
  /// The width of the first level.
  public var numChannels: Int?
  /// Residual blocks per level.
  public var numResBlocks: Int?
  /// Multipliers of the width, one per level.
  public var channelMult: [Double]?
  /// Attention heads.
  public var numHeads: Int?
  /// Attention heads of the ascending half.
  public var numHeadsUpsample: Int?
  /// Channels of each attention head.
  public var numHeadChannels: Int?
  /// Whether q, k and v are packed for all heads together.
  public var useNewAttentionOrder: Bool?
  /// Whether residual blocks resample.
  public var resblockUpdown: Bool?
  /// The image resolutions (16, 8, …) at which there is attention.
  public var attentionResolutions: [Int]?
  /// Whether the variance is predicted.
  public var learnSigma: Bool?
  /// Whether the model is class-conditional.
  public var classCond: Bool?
  /// The number of classes.
  public var numClasses: Int?
  /// The class that stands for none.
  public var nullClass: Int?
  /// Whether the timestep embedding scales and shifts.
  public var useScaleShiftNorm: Bool?
  /// Channels of the images.
  public var inChannels: Int?
  /// T.
  public var diffusionSteps: Int?
  /// linear or cosine.
  public var noiseSchedule: String?
  /// Whether timesteps run to 1000 whatever T is.
  public var rescaleTimesteps: Bool?
  /// Whether the model predicts the picture.
  public var predictXstart: Bool?
  /// Whether the fixed variance is the posterior's.
  public var sigmaSmall: Bool?

  /// Nothing said.
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
    case diffusionSteps = "diffusion_steps"
    case noiseSchedule = "noise_schedule"
    case rescaleTimesteps = "rescale_timesteps"
    case predictXstart = "predict_xstart"
    case sigmaSmall = "sigma_small"
  }

  /// The names that the settings have in JSON.
  public static let names = CodingKeys.allCases.map(\.rawValue)
}

extension ModelDescription {
  /// What is stated. Resolutions with attention are left out: they say something together with the image size only.
  public init(_ stated: StatedSettings) {
    self.init()
    imageSize = stated.imageSize
    inChannels = stated.inChannels
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
    predictXstart = stated.predictXstart
    sigmaSmall = stated.sigmaSmall
    rescaleTimesteps = stated.rescaleTimesteps
  }
}
