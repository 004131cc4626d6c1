import DiffusionBytes
import DiffusionCore
import DiffusionModels

extension SamplingRequest: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case model, settings, source, count, index, shard, batch, seed, sampler, steps, respacing, timesteps, spacing, eta
    case noise, guidance, classifier, strength, mask
    case classes = "class"
    case clipDenoised = "clip"
    case noiseStream = "rng"
    case guidanceInterval = "guidance_interval"
    case classifierScale = "classifier_scale"
    case lowRes = "low_res"
    case initImage = "init_image"
    case jumpLength = "jump_length"
    case jumpCount = "jump_count"
  }

  /// The JSON keys of a request.
  public static let names = CodingKeys.allCases.map(\.rawValue)

  /// Reads a request; missing keys get their defaults.
  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func read<T: Decodable>(_ value: inout T, _ key: CodingKeys) throws {
      if let found = try container.decodeIfPresent(T.self, forKey: key) { value = found }
    }
    func read<T: Decodable>(_ value: inout T?, _ key: CodingKeys) throws {
      value = try container.decodeIfPresent(T.self, forKey: key)
    }
    try read(&model, .model)
    if container.contains(.settings) {
      try container.nestedContainer(keyedBy: AnyKey.self, forKey: .settings).refuseKeys(besides: StatedSettings.names)
      try read(&settings, .settings)
    }
    try read(&source, .source)
    try read(&count, .count)
    try read(&index, .index)
    try read(&shard, .shard)
    try read(&batch, .batch)
    try read(&seed, .seed)
    try read(&classes, .classes)
    try read(&sampler, .sampler)
    try read(&steps, .steps)
    try read(&respacing, .respacing)
    try read(&timesteps, .timesteps)
    try read(&spacing, .spacing)
    try read(&eta, .eta)
    try read(&clipDenoised, .clipDenoised)
    try read(&noiseStream, .noiseStream)
    try read(&noise, .noise)
    try read(&guidance, .guidance)
    try read(&guidanceInterval, .guidanceInterval)
    try read(&classifier, .classifier)
    try read(&classifierScale, .classifierScale)
    try read(&lowRes, .lowRes)
    try read(&initImage, .initImage)
    try read(&strength, .strength)
    try read(&mask, .mask)
    try read(&jumpLength, .jumpLength)
    try read(&jumpCount, .jumpCount)
  }

  /// Writes only what differs from the defaults.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let defaults = SamplingRequest()
    try container.encodeIfPresent(model, forKey: .model)
    if settings != defaults.settings { try container.encode(settings, forKey: .settings) }
    if source != defaults.source { try container.encode(source, forKey: .source) }
    if count != defaults.count { try container.encode(count, forKey: .count) }
    try container.encodeIfPresent(index, forKey: .index)
    try container.encodeIfPresent(shard, forKey: .shard)
    try container.encodeIfPresent(batch, forKey: .batch)
    try container.encodeIfPresent(seed, forKey: .seed)
    try container.encodeIfPresent(classes, forKey: .classes)
    try container.encodeIfPresent(sampler, forKey: .sampler)
    try container.encodeIfPresent(steps, forKey: .steps)
    try container.encodeIfPresent(respacing, forKey: .respacing)
    try container.encodeIfPresent(timesteps, forKey: .timesteps)
    try container.encodeIfPresent(spacing, forKey: .spacing)
    try container.encodeIfPresent(eta, forKey: .eta)
    try container.encodeIfPresent(clipDenoised, forKey: .clipDenoised)
    if noiseStream != defaults.noiseStream { try container.encode(noiseStream, forKey: .noiseStream) }
    try container.encodeIfPresent(noise, forKey: .noise)
    try container.encodeIfPresent(guidance, forKey: .guidance)
    try container.encodeIfPresent(guidanceInterval, forKey: .guidanceInterval)
    try container.encodeIfPresent(classifier, forKey: .classifier)
    try container.encodeIfPresent(classifierScale, forKey: .classifierScale)
    try container.encodeIfPresent(lowRes, forKey: .lowRes)
    try container.encodeIfPresent(initImage, forKey: .initImage)
    try container.encodeIfPresent(strength, forKey: .strength)
    try container.encodeIfPresent(mask, forKey: .mask)
    try container.encodeIfPresent(jumpLength, forKey: .jumpLength)
    try container.encodeIfPresent(jumpCount, forKey: .jumpCount)
  }
}
