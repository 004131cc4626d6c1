import DiffusionFiles

extension UNetConfiguration {
  /// Creates the configuration from a description (`create_model` in the original), for sampling and for training.
  /// Whatever it lacks takes the default of the original's constructor.
  public init(_ description: ModelDescription, _ options: NetworkOptions = NetworkOptions()) {
    let kind = description.kind.flatMap(Architecture.Kind.init(rawValue:)) ?? .unet
    let channels = description.inChannels ?? 3
    self.init(
      inChannels: kind == .superResolution ? 2 * channels : channels + (description.conditionChannels ?? 0),
      modelChannels: description.modelChannels ?? 0,
      outChannels: description.outChannels ?? channels, numResBlocks: description.numResBlocks ?? 0,
      attentionResolutions: Set(description.attentionResolutions ?? []), channelMult: description.channelMult ?? [])
    isSuperResolution = kind == .superResolution
    conditionChannels = description.conditionChannels ?? 0
    conditionFirst = description.conditionFirst ?? false
    convResample = description.convResample ?? true
    resblockUpdown = description.resblockUpdown ?? false
    dims = description.dims ?? 2
    numClasses = description.numClasses
    nullClass = description.nullClass
    useScaleShiftNorm = description.useScaleShiftNorm ?? false
    dropout = options.dropout
    useCheckpoint = options.useCheckpoint
    adopt(description)
  }

  /// Adopts the known settings that shapes do not show.
  public mutating func adopt(_ known: ModelDescription) {
    imageSize = known.imageSize ?? imageSize
    numHeads = known.numHeads ?? numHeads
    numHeadChannels = known.numHeadChannels
    numHeadsUpsample = known.numHeadsUpsample
    // In diffusers, queries, keys and values are separate tensors, which are concatenated here.
    let isByPart = known.useNewAttentionOrder ?? known.family?.hasPrefix("diffusers") ?? false
    attentionOrder = isByPart ? .byPart : .byHead
    attentionScale = known.attentionScale == "channels" ? .channels : .head
    embeddingFeatures = known.embeddingFeatures
    activatesEmbedding = known.activatesEmbedding ?? true
    normGroups = known.normNumGroups ?? normGroups
    normEpsilon = known.normEps ?? normEpsilon
    middleAttentionNorm = known.middleAttentionNorm ?? middleAttentionNorm
    downsamplePadding = known.downsamplePadding == 0 ? .end : .same
    timestepEmbedding.frequencyShift = known.freqShift ?? 0
    timestepEmbedding.sinesFirst = known.flipSinToCos == false
  }

  /// The channel multipliers of the original's and guided-diffusion's scripts for some image sizes.
  private static let usualLevels: [(imageSize: Int, channelMult: [Double])] = [
    (32, [1, 2, 2, 2]), (64, [1, 2, 3, 4]), (128, [1, 1, 2, 3, 4]), (256, [1, 1, 2, 2, 4, 4]),
    (512, [0.5, 1, 1, 2, 2, 4, 4]),
  ]

  /// The multipliers for an image size; nil if the original has none.
  public static func usualChannelMult(imageSize: Int) -> [Double]? {
    usualLevels.first { $0.imageSize == imageSize }?.channelMult
  }

  /// The image size for these multipliers; 64, the scripts' default, if the original has none.
  public static func usualImageSize(_ channelMult: [Double]) -> Int {
    usualLevels.first { $0.channelMult == channelMult }?.imageSize ?? 64
  }
}
