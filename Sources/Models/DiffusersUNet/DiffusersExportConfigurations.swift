import DiffusionCore
import TensorCore

/// The arguments of diffusers' `UNet2DModel`, for `config.json`.
struct NetworkConfiguration: Encodable {
  let className = "UNet2DModel"
  let sampleSize: Int
  let inChannels: Int
  let outChannels: Int
  let freqShift: Double
  let flipSinToCos: Bool
  let downBlockTypes: [String]
  let upBlockTypes: [String]
  let blockOutChannels: [Int]
  let layersPerBlock: Int
  let downsamplePadding: Int
  let downsampleType: String
  let upsampleType: String
  /// Null for one head; 8 is the default.
  let attentionHeadDim: NumberOrNull
  let normNumGroups: Int
  let attnNormNumGroups: Int?
  let normEps: Double
  let resnetTimeScaleShift: String
  let numClassEmbeds: Int?

  enum CodingKeys: String, CodingKey {
    case className = "_class_name"
    case sampleSize = "sample_size"
    case inChannels = "in_channels"
    case outChannels = "out_channels"
    case freqShift = "freq_shift"
    case flipSinToCos = "flip_sin_to_cos"
    case downBlockTypes = "down_block_types"
    case upBlockTypes = "up_block_types"
    case blockOutChannels = "block_out_channels"
    case layersPerBlock = "layers_per_block"
    case downsamplePadding = "downsample_padding"
    case downsampleType = "downsample_type"
    case upsampleType = "upsample_type"
    case attentionHeadDim = "attention_head_dim"
    case normNumGroups = "norm_num_groups"
    case attnNormNumGroups = "attn_norm_num_groups"
    case normEps = "norm_eps"
    case resnetTimeScaleShift = "resnet_time_scale_shift"
    case numClassEmbeds = "num_class_embeds"
  }

  /// - Parameter headChannels: the channels of an attention head; nil for one head.
  init(_ configuration: UNetConfiguration, _ specification: ModelSpecification, _ headChannels: Int?) {
    let levels = configuration.channelMult.indices
    let plain =
      configuration.resblockUpdown ? ("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D") : ("DownBlock2D", "UpBlock2D")
    sampleSize = specification.imageSize
    inChannels = configuration.inChannels
    outChannels = configuration.outChannels
    freqShift = configuration.timestepEmbedding.frequencyShift
    flipSinToCos = !configuration.timestepEmbedding.sinesFirst
    downBlockTypes = levels.map { configuration.hasAttention($0) ? "AttnDownBlock2D" : plain.0 }
    upBlockTypes = levels.reversed().map { configuration.hasAttention($0) ? "AttnUpBlock2D" : plain.1 }
    blockOutChannels = levels.map { configuration.width($0) }
    layersPerBlock = configuration.numResBlocks
    downsamplePadding = configuration.downsamplePadding == .end ? 0 : 1
    downsampleType = configuration.resblockUpdown ? "resnet" : "conv"
    upsampleType = downsampleType
    attentionHeadDim = NumberOrNull(value: headChannels)
    normNumGroups = configuration.normGroups
    // Without it, scaling and shifting networks would have no normalisation before the middle attention.
    attnNormNumGroups =
      configuration.useScaleShiftNorm && configuration.middleAttentionNorm ? configuration.normGroups : nil
    normEps = configuration.normEpsilon
    resnetTimeScaleShift = configuration.useScaleShiftNorm ? "scale_shift" : "default"
    numClassEmbeds = configuration.numClasses
  }
}

/// A number that is written as null where it is nil, since leaving it out would mean a default.
struct NumberOrNull: Encodable {
  let value: Int?

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

/// The arguments of diffusers' `DDPMScheduler`, for `scheduler_config.json`.
struct SchedulerConfiguration: Encodable {
  let className = "DDPMScheduler"
  let numTrainTimesteps: Int
  /// β of every timestep, as the process has them: schedules of the same names differ in the last digits.
  let trainedBetas: [Double]
  let predictionType: String
  let varianceType: String
  let clipSample: Bool
  let clipSampleRange: Double
  /// Left out if the model's file names none.
  let timestepSpacing: String?

  enum CodingKeys: String, CodingKey {
    case className = "_class_name"
    case numTrainTimesteps = "num_train_timesteps"
    case trainedBetas = "trained_betas"
    case predictionType = "prediction_type"
    case varianceType = "variance_type"
    case clipSample = "clip_sample"
    case clipSampleRange = "clip_sample_range"
    case timestepSpacing = "timestep_spacing"
  }

  init(_ specification: ModelSpecification) {
    let process = specification.process
    numTrainTimesteps = process.steps
    trainedBetas = process.betas
    predictionType = process.meanType == .velocity ? "v_prediction" : process.meanType.prediction ?? "epsilon"
    varianceType =
      switch process.varType {
      case .fixedSmall: "fixed_small"
      case .fixedLarge: "fixed_large"
      case .learned: "learned"
      case .learnedRange: "learned_range"
      }
    timestepSpacing = specification.spacing?.rawValue
    if case .range(let bound) = specification.clipping {
      (clipSample, clipSampleRange) = (true, bound)
    } else {
      (clipSample, clipSampleRange) = (false, 1)
    }
  }
}
