import DiffusionBytes
import DiffusionModels

extension TrainingRequest: Codable {
  /// The parts of a request, with their JSON keys.
  private static let parts = [
    Part("data", \.data), Part("seed", \.seed), Part("settings", \.settings),
    Part("resume_checkpoint", \.resumeCheckpoint), Part("steps", \.steps), Part("batch_size", \.batchSize),
    Part("microbatch", \.microbatch), Part("lr", \.learningRate), Part("weight_decay", \.weightDecay),
    Part("lr_anneal_steps", \.annealSteps), Part("anneal_lr", \.annealsOverAll), Part("warm_up", \.warmUp),
    Part("clip_gradients", \.clipGradients), Part("ema_rate", \.emaRates),
    Part("schedule_sampler", \.scheduleSampler), Part("use_kl", \.useKL),
    Part("rescale_learned_sigmas", \.rescaleLearnedSigmas), Part("use_checkpoint", \.useCheckpoint),
    Part("dropout", \.dropout), Part("null_class", \.nullClassProbability), Part("flip", \.flip),
    Part("small_size", \.smallSize), Part("classifier", \.isClassifier), Part("noised", \.isNoised),
    Part("log_interval", \.logInterval), Part("save_interval", \.saveInterval),
    Part("sample_interval", \.sampleInterval),
  ]

  /// The JSON keys of a request.
  public static let names = parts.map(\.key.stringValue)

  /// Decodes a request; missing keys take their defaults. An unknown key is an error, because a run of days may depend
  /// on it.
  public init(from decoder: any Decoder) throws {
    self.init(data: "")
    let container = try decoder.container(keyedBy: AnyKey.self)
    try container.refuseKeys(besides: Self.names)
    if container.contains(AnyKey(stringValue: "settings")) {
      try container.nestedContainer(keyedBy: AnyKey.self, forKey: AnyKey(stringValue: "settings"))
        .refuseKeys(besides: StatedSettings.names)
    }
    for part in Self.parts { try part.read(&self, container) }
  }

  /// Encodes what differs from the defaults.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    for part in Self.parts { try part.write(self, &container) }
  }
}

/// A property of a request, and its JSON key.
private struct Part: Sendable {
  let key: AnyKey
  /// Decodes the property, if it is present.
  let read: @Sendable (inout TrainingRequest, KeyedDecodingContainer<AnyKey>) throws -> Void
  /// Encodes the property, if it differs from its default.
  let write: @Sendable (TrainingRequest, inout KeyedEncodingContainer<AnyKey>) throws -> Void

  init<Value: Codable & Equatable & SendableMetatype>(
    _ name: String, _ path: WritableKeyPath<TrainingRequest, Value> & Sendable
  ) {
    let key = AnyKey(stringValue: name)
    self.key = key
    read = { request, container in
      if let value = try container.decodeIfPresent(Value.self, forKey: key) { request[keyPath: path] = value }
    }
    write = { request, container in
      let value = request[keyPath: path]
      if value != TrainingRequest(data: "")[keyPath: path] { try container.encode(value, forKey: key) }
    }
  }
}
