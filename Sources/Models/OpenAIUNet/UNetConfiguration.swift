import TensorCore

/// The arguments of the original's `UNetModel` that decide its shape, and what diffusers' `UNet2DModel` adds to them.
public struct UNetConfiguration: Sendable, Equatable {
  /// Channels that the first convolution takes: those of the pictures, 1 for grey, 3 for RGB, and as many again for a
  /// super-resolution model.
  public var inChannels: Int
  /// The width that multipliers refer to.
  public var modelChannels: Int
  /// Channels it puts out: as many as the pictures have, or twice that if it also predicts the variance; the classes of a
  /// classifier.
  public var outChannels: Int
  /// Residual blocks per level of the descending half; the ascending half has one more.
  public var numResBlocks: Int
  /// The downsampling factors (1, 2, 4, …) at which attention follows each residual block.
  public var attentionResolutions: Set<Int>
  /// The width of each level in multiples of `modelChannels`; each level has half the resolution of the one before. Fractions
  /// occur: guided-diffusion's model for 512 pixels begins with 0.5.
  public var channelMult: [Double]
  /// Whether resampling learns a convolution.
  public var convResample = true
  /// Whether residual blocks resample (guided-diffusion), rather than layers of their own.
  public var resblockUpdown = false
  /// The side of the pictures that it will be used for, if that is known: layers choose their algorithms for their part of
  /// it, so that results at another size may differ by rounding. A classifier's attention pooling takes just this size.
  public var imageSize: Int?
  /// Spatial dimensions: 1, 2 or 3.
  public var dims = 2
  /// The number of classes of a class-conditional model.
  public var numClasses: Int?
  /// The one of them that stands for none.
  public var nullClass: Int?
  /// Attention heads of the descending half and the middle.
  public var numHeads = 1
  /// Channels of each attention head, which then decides how many there are (guided-diffusion).
  public var numHeadChannels: Int?
  /// Attention heads of the ascending half, if others.
  public var numHeadsUpsample: Int?
  /// How queries, keys and values are packed: `byPart` is guided-diffusion's `use_new_attention_order`.
  public var attentionOrder = QKVOrder.byHead
  /// Whether the timestep embedding scales and shifts the second normalisation of a residual block, rather than being
  /// added before it.
  public var useScaleShiftNorm = false
  /// Whether the pictures come with a smaller version of each, as channels behind their own (`SuperResModel`).
  public var isSuperResolution = false
  /// Groups of each normalisation.
  public var normGroups = 32
  /// What normalisations add to the variance.
  public var normEpsilon = 1e-5
  /// Whether the attention in the middle begins with a normalisation (all but some of diffusers' do).
  public var middleAttentionNorm = true
  /// Where downsampling convolutions see zeros.
  public var downsamplePadding = Padding.around
  /// The probability of dropping out an activation before the second convolution of a residual block, in training.
  public var dropout = 0.0
  /// Whether blocks are evaluated without keeping intermediate activations, in training (`checkpoint`).
  public var useCheckpoint = false
  /// The form of the timestep embedding.
  public var timestepEmbedding = TimestepEmbedding()

  /// A configuration with the original's defaults for what is not given.
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
  public var timeEmbedDim: Int { modelChannels * 4 }

  /// What the sides of a picture must be a multiple of, so that each level halves them exactly.
  public var sizeMultiple: Int { 1 << (channelMult.count - 1) }

  /// Channels of the pictures.
  public var imageChannels: Int { isSuperResolution ? inChannels / 2 : inChannels }

  /// The channels of a level.
  public func width(_ level: Int) -> Int { Int(channelMult[level] * Double(modelChannels)) }

  /// Attention heads where there are `channels`, in the ascending half or before it.
  public func heads(channels: Int, ascending: Bool = false) -> Int {
    if let numHeadChannels { return channels / numHeadChannels }
    return ascending ? numHeadsUpsample ?? numHeads : numHeads
  }

  /// Whether a level has attention behind each residual block.
  public func hasAttention(_ level: Int) -> Bool { attentionResolutions.contains(1 << level) }
}
