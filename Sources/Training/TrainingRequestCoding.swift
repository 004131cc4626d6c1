import DiffusionBytes
import DiffusionModels

extension TrainingRequest: Codable {
  private static let properties = [
    CodedProperty("data", \Self.data), CodedProperty("seed", \.seed), CodedProperty("settings", \.settings),
    CodedProperty("resume_checkpoint", \.resumeCheckpoint), CodedProperty("steps", \.steps),
    CodedProperty("batch_size", \.batchSize),
    CodedProperty("microbatch", \.microbatch), CodedProperty("lr", \.learningRate),
    CodedProperty("weight_decay", \.weightDecay),
    CodedProperty("lr_anneal_steps", \.annealSteps), CodedProperty("anneal_lr", \.annealsOverAll),
    CodedProperty("warm_up", \.warmUp),
    CodedProperty("clip_gradients", \.clipGradients), CodedProperty("ema_rate", \.emaRates),
    CodedProperty("schedule_sampler", \.scheduleSampler), CodedProperty("use_kl", \.useKL),
    CodedProperty("rescale_learned_sigmas", \.rescaleLearnedSigmas), CodedProperty("use_checkpoint", \.useCheckpoint),
    CodedProperty("dropout", \.dropout), CodedProperty("null_class", \.nullClassProbability),
    CodedProperty("flip", \.flip), CodedProperty("optimal_transport", \.optimalTransport),
    CodedProperty("small_size", \.smallSize), CodedProperty("classifier", \.isClassifier),
    CodedProperty("noised", \.isNoised),
    CodedProperty("log_interval", \.logInterval), CodedProperty("save_interval", \.saveInterval),
    CodedProperty("sample_interval", \.sampleInterval),
  ]

  /// The JSON keys of a request.
  public static let names = properties.map(\.name)

  /// Decodes a request; missing keys take their defaults. An unknown key is an error, because a run of days may depend
  /// on it.
  public init(from decoder: any Decoder) throws {
    self.init(data: "")
    let container = try decoder.container(keyedBy: AnyKey.self)
    try container.refuseKeys(besides: Self.names)
    try StatedSettings.checkNames(in: container)
    for property in Self.properties { try property.read(&self, from: container) }
  }

  /// Encodes what differs from the defaults.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    let defaults = TrainingRequest(data: "")
    for property in Self.properties { try property.write(self, defaults: defaults, to: &container) }
  }
}
