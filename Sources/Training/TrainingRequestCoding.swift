import DiffusionBytes
import DiffusionFiles
import DiffusionModels

extension TrainingRequest {
  /// The same with paths that mean the same files in any working directory.
  var withAbsolutePaths: TrainingRequest {
    var copy = self
    copy.data = absolutePath(data)
    copy.resumeCheckpoint = resumeCheckpoint.map(absolutePath)
    copy.distilled = distilled.map(absolutePath)
    copy.features = features.map(absolutePath)
    copy.inception = inception.map(absolutePath)
    copy.reference = reference.map(absolutePath)
    return copy
  }
}

extension TrainingRequest: Codable {
  private static let properties = [
    CodedProperty("data", \Self.data), CodedProperty("background", \.background),
    CodedProperty("skip_bad", \.skipsBad), CodedProperty("classes_from", \.classSource),
    CodedProperty("seed", \.seed), CodedProperty("settings", \.settings),
    CodedProperty("resume_checkpoint", \.resumeCheckpoint), CodedProperty("distill", \.distilled),
    CodedProperty("distill_stage", \.distillationStage), CodedProperty("steps", \.steps),
    CodedProperty("batch_size", \.batchSize),
    CodedProperty("microbatch", \.microbatch), CodedProperty("lr", \.learningRate),
    CodedProperty("weight_decay", \.weightDecay),
    CodedProperty("lr_anneal_steps", \.annealSteps), CodedProperty("anneal_lr", \.annealsOverAll),
    CodedProperty("warm_up", \.warmUp),
    CodedProperty("clip_gradients", \.clipGradients), CodedProperty("ema_rate", \.emaRates),
    CodedProperty("ema_warm_up", \.emaWarmUp),
    CodedProperty("schedule_sampler", \.scheduleSampler), CodedProperty("use_kl", \.useKL),
    CodedProperty("rescale_learned_sigmas", \.rescaleLearnedSigmas), CodedProperty("use_checkpoint", \.useCheckpoint),
    CodedProperty("dropout", \.dropout), CodedProperty("null_class", \.nullClassProbability),
    CodedProperty("flip", \.flip), CodedProperty("optimal_transport", \.optimalTransport),
    CodedProperty("small_size", \.smallSize), CodedProperty("classifier", \.isClassifier),
    CodedProperty("noised", \.isNoised),
    CodedProperty("log_interval", \.logInterval), CodedProperty("save_interval", \.saveInterval),
    CodedProperty("sample_interval", \.sampleInterval), CodedProperty("keep", \.keep),
    CodedProperty("score_interval", \.scoreInterval), CodedProperty("score_count", \.scoreCount),
    CodedProperty("features", \.features), CodedProperty("inception", \.inception),
    CodedProperty("reference", \.reference),
  ]

  /// The JSON keys of a request.
  public static let names = properties.map(\.name)

  /// What missing keys mean. Earlier versions' records have no `ema_warm_up`, and their averages did not.
  private static let withoutKeys: TrainingRequest = {
    var request = TrainingRequest(data: "")
    request.emaWarmUp = false
    return request
  }()

  /// Decodes a request; missing keys take their defaults, but averages do not warm up without `ema_warm_up`. An unknown
  /// key is an error, because a run of days may depend on it.
  public init(from decoder: any Decoder) throws {
    self = Self.withoutKeys
    let container = try decoder.container(keyedBy: AnyKey.self)
    try container.refuseKeys(besides: Self.names)
    try StatedSettings.checkNames(in: container)
    for property in Self.properties { try property.read(&self, from: container) }
  }

  /// Encodes what differs from the defaults.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    for property in Self.properties { try property.write(self, defaults: Self.withoutKeys, to: &container) }
  }
}
