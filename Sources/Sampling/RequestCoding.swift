import DiffusionBytes
import DiffusionCore
import DiffusionModels

extension SamplingRequest: Codable {
  private static let properties = [
    CodedProperty("model", \Self.model), CodedProperty("settings", \.settings), CodedProperty("source", \.source),
    CodedProperty("count", \.statedCount), CodedProperty("index", \.index), CodedProperty("shard", \.shard),
    CodedProperty("batch", \.batch), CodedProperty("seed", \.seed), CodedProperty("class", \.classes),
    CodedProperty("sampler", \.sampler), CodedProperty("steps", \.steps), CodedProperty("respacing", \.respacing),
    CodedProperty("timesteps", \.timesteps), CodedProperty("sigmas", \.sigmas), CodedProperty("ts", \.scales),
    CodedProperty("spacing", \.spacing), CodedProperty("eta", \.eta),
    CodedProperty("s_churn", \.churn), CodedProperty("s_tmin", \.churnMin), CodedProperty("s_tmax", \.churnMax),
    CodedProperty("s_noise", \.churnNoise),
    CodedProperty("clip", \.clipDenoised), CodedProperty("rng", \.noiseStream), CodedProperty("noise", \.noise),
    CodedProperty("guidance", \.guidance), CodedProperty("guide_model", \.guideModel),
    CodedProperty("guidance_interval", \.guidanceInterval),
    CodedProperty("classifier", \.classifier), CodedProperty("classifier_scale", \.classifierScale),
    CodedProperty("low_res", \.lowRes), CodedProperty("condition", \.condition),
    CodedProperty("init_image", \.initImage),
    CodedProperty("strength", \.strength), CodedProperty("mask", \.mask), CodedProperty("jump_length", \.jumpLength),
    CodedProperty("jump_count", \.jumpCount),
  ]

  /// The JSON keys of a request.
  public static let names = properties.map(\.name)

  /// What differs between two requests: the key, and both values as JSON.
  static func differences(_ a: SamplingRequest, _ b: SamplingRequest) -> [(name: String, values: (String, String))] {
    properties.compactMap { property in property.difference(a, b).map { (property.name, $0) } }
  }

  /// Reads a request; missing keys get their defaults. An unknown setting is an error.
  ///
  /// - Throws: `RequestValueError` for a value that its key does not have; `DecodingError`.
  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try decoder.container(keyedBy: AnyKey.self)
    try StatedSettings.checkNames(in: container)
    for property in Self.properties {
      try readingValue(of: property.name) { try property.read(&self, from: container) }
    }
  }

  /// Writes only what differs from the defaults.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    let defaults = SamplingRequest()
    for property in Self.properties { try property.write(self, defaults: defaults, to: &container) }
  }
}
