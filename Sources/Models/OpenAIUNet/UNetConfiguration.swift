import TensorCore

/// The arguments of the original's `UNetModel` that determine its shape, and what diffusers' `UNet2DModel` adds to
/// them.
public struct UNetConfiguration: Sendable, Equatable {
  /// The input channels of the first convolution: the images' channels, 1 for grey or 3 for RGB, doubled for a
  /// super-resolution model.
  public var inChannels: Int
  /// The width that the multipliers multiply.
  public var modelChannels: Int
  /// The output channels: the images' channels, doubled if the variance is also predicted; for a classifier, the number
  /// of classes.
  public var outChannels: Int
  /// The residual blocks per level in the downsampling half; the upsampling half has one more.
  public var numResBlocks: Int
  /// The downsampling factors (1, 2, 4, …) at which attention follows each residual block.
  public var attentionResolutions: Set<Int>
  /// The width of each level in multiples of `modelChannels`. Each level has half the resolution of the one before. May
  /// be fractional: guided-diffusion's 512-pixel model starts with 0.5.
  public var channelMult: [Double]
  /// Whether resampling layers have a learned convolution.
  public var convResample = true
  /// Whether residual blocks do the resampling (guided-diffusion) instead of separate layers.
  public var resblockUpdown = false
  /// The side of the images that it will be used for, if known. Layers choose their algorithms by it, so results at
  /// another size may differ by rounding. A classifier's attention pooling takes only this size.
  public var imageSize: Int?
  /// The number of spatial dimensions: 1, 2 or 3.
  public var dims = 2
  /// The number of classes of a class-conditional model.
  public var numClasses: Int?
  /// The class label that serves as the null class.
  public var nullClass: Int?
  /// The attention heads in the downsampling half and the middle.
  public var numHeads = 1
  /// The channels of each attention head; if given, they determine the number of heads (guided-diffusion).
  public var numHeadChannels: Int?
  /// The attention heads in the upsampling half, if different.
  public var numHeadsUpsample: Int?
  /// How queries, keys and values are packed: `byPart` is guided-diffusion's `use_new_attention_order`.
  public var attentionOrder = QKVOrder.byHead
  /// What the scores of attention are divided by.
  public var attentionScale = AttentionScale.head
  /// Whether the timestep embedding scales and shifts the second normalisation of a residual block, instead of being
  /// added before it.
  public var useScaleShiftNorm = false
  /// Whether a low-resolution version of each image follows in additional channels (`SuperResModel`).
  public var isSuperResolution = false
  /// The channels of the images that it draws from, which join its own; 0 if there are none.
  public var conditionChannels = 0
  /// Whether these come before its own.
  public var conditionFirst = false
  /// The features of the embedding that residual blocks project; nil for as many as its inner layer has (SR3).
  public var embeddingFeatures: Int?
  /// Whether residual blocks activate the embedding before they project it; SR3's do not.
  public var activatesEmbedding = true
  /// The groups of each normalisation.
  public var normGroups = 32
  /// The ε that normalisations add to the variance.
  public var normEpsilon = 1e-5
  /// Whether the middle attention starts with a normalisation (false only for some of diffusers').
  public var middleAttentionNorm = true
  /// Where downsampling convolutions are zero-padded.
  public var downsamplePadding = Padding.same
  /// The dropout probability before the second convolution of a residual block, in training.
  public var dropout = 0.0
  /// Whether training recomputes the intermediate activations of blocks instead of keeping them (`checkpoint`).
  public var useCheckpoint = false
  /// The form of the timestep embedding.
  public var timestepEmbedding = TimestepEmbedding()

  /// Creates a configuration with the original's defaults for everything not given.
  public init(
    inChannels: Int, modelChannels: Int, outChannels: Int, numResBlocks: Int, attentionResolutions: Set<Int>,
    channelMult: [Double]
  ) {
    self.inChannels = inChannels
    self.modelChannels = modelChannels
    self.outChannels = outChannels
    self.numResBlocks = numResBlocks
    self.attentionResolutions = attentionResolutions
    self.channelMult = channelMult
  }

  /// The width of the timestep embedding after `time_embed`.
  public var timeEmbedDim: Int { embeddingFeatures ?? modelChannels * 4 }

  /// The number that each side of an image must be a multiple of, so that each level halves it exactly.
  public var sizeMultiple: Int { 1 << (channelMult.count - 1) }

  /// The channels of the images.
  public var imageChannels: Int { isSuperResolution ? inChannels / 2 : inChannels - conditionChannels }

  /// The channels of a level.
  public func width(_ level: Int) -> Int {
    // A multiplier may be a fraction such as 240 / 176, which times 176 is slightly less than 240.
    Int(channelMult[level] * Double(modelChannels) + 1e-6)
  }

  /// The attention heads for `channels`, in the upsampling half if `ascending`.
  public func heads(channels: Int, ascending: Bool = false) -> Int {
    if let numHeadChannels { return channels / numHeadChannels }
    return ascending ? numHeadsUpsample ?? numHeads : numHeads
  }

  /// Whether attention follows each residual block of a level.
  public func hasAttention(_ level: Int) -> Bool { attentionResolutions.contains(1 << level) }
}
