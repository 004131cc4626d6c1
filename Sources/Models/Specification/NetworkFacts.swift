import DiffusionCore
import DiffusionText

/// What a family knows of a network once its shape is settled: all that the specification of any model is made from,
/// besides the settings that every family resolves in the same way.
struct NetworkFacts {
  /// The code base, for instance `improved-diffusion`.
  let family: String
  /// The network's class in that code base.
  let kind: String
  /// The width and height of the images, in pixels.
  let imageSize: Int
  /// The channels of the images that it draws.
  let imageChannels: Int
  /// The channels of the images that it draws from.
  var conditionChannels = 0
  /// The model's task.
  var task = ModelSpecification.Task.denoising
  /// The number of spatial dimensions.
  var dimensions = 2
  /// The classes that its input may have; nil if it takes none.
  var classCount: Int?
  /// The classes that a classifier tells apart.
  var outputClasses: Int?
  /// Whether the network puts out a variance too.
  var learnsVariance = false
  /// How the code base's samplers differ from the original's.
  var conventions = SamplingConventions()
}

extension SettingsResolver {
  /// Resolves the null class, the process, the clipping and the spacing of steps, and gives the specification.
  ///
  /// - Parameters:
  ///   - network: what is known of the network.
  ///   - checkpoint: the file.
  /// - Throws: `ModelError` if two sources contradict each other, or a value is impossible.
  mutating func specification(
    of network: NetworkFacts, _ checkpoint: FamilyCheckpoint
  ) throws(ModelError) -> ModelSpecification {
    let nullClass = try resolve("null_class", \.nullClass)
    if let nullClass, !(0..<(network.classCount ?? 0)).contains(nullClass) {
      throw .unusable(reason: "\(name): the null class \(nullClass) is none of its \(network.classCount ?? 0) classes")
    }
    if nullClass != nil && network.classCount == 1 {
      throw .unusable(reason: "\(name): its only class is the null class, so there is nothing to draw")
    }
    try resolveProcess(learnSigma: network.learnsVariance)
    let clipping = try resolveClipping()
    var description = resolved
    description.family = network.family
    // Images' two are the default.
    if network.dimensions != 2 { description.dims = network.dimensions }
    description.learnSigma = network.learnsVariance

    var specification = ModelSpecification(
      family: network.family, kind: network.kind, imageSize: network.imageSize, imageChannels: network.imageChannels,
      process: try ProcessSpecification(description, name: name))
    specification.task = network.task
    specification.dimensions = network.dimensions
    specification.conditionChannels = network.conditionChannels
    specification.classCount = network.outputClasses ?? network.classCount
    specification.nullClass = nullClass
    let described = checkpoint.described?.description
    specification.classNames = described?.classNames ?? []
    specification.clipping = clipping
    specification.recommendedGuidance = described?.recommendedGuidance
    specification.recommendedSampler = described?.recommendedSampler
    specification.conventions = network.conventions
    if let continuous = specification.process.continuous {
      guard !network.learnsVariance || [.edmIDDPM, .discreteConsistency].contains(continuous.form) else {
        throw .unusable(
          reason:
            """
            \(name): puts out a variance too, which no model of the process \(continuous.form.rawValue) does; \
            leave --process out
            """)
      }
    } else {
      try resolveSpacing(&specification)
    }
    if let average = checkpoint.state.origin.unfitAverage {
      specification.remarks = [
        """
        the average under \(average.joined(separator: ".")) does not fit the tensors of the raw weights, which are \
        used in its place
        """
      ]
    }
    specification.unfollowed = checkpoint.described?.unfollowed ?? []
    specification.settings = settings
    specification.description = description
    specification.published = published?.name
    return specification
  }

  /// Resolves the settings of the family's network that no tensor shows.
  ///
  /// - Parameter keys: the settings, with the values that each may have; none if any may be.
  /// - Throws: `ModelError` if a setting is none of these, or two sources contradict each other.
  mutating func resolveNetwork(_ keys: KeyValuePairs<String, [String]>) throws(ModelError) {
    for (key, value) in (stated.network ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let values = keys.first(where: { $0.key == key })?.value else {
        let known = keys.map(\.key)
        throw .unusable(
          reason: known.isEmpty
            ? """
            \(name): --network \(key): networks of its code base have no such settings; leave --network out, or state \
            what inspect calls assumed in a file beside it (\(name).json)
            """
            : "\(name): --network \(key): its network has no such setting; it has \(known.joined(separator: ", "))")
      }
      guard values.isEmpty || values.contains(value) else {
        throw .unusable(
          reason: "\(name): --network \(key)=\(value): the value is none of \(values.joined(separator: ", "))")
      }
    }
    for (key, values) in keys {
      guard let value = try resolve(key, \.[network: key], flag: "network \(key)"), !values.isEmpty,
        !values.contains(value)
      else { continue }
      throw .unusable(
        reason:
          "\(file?.file(of: key) ?? name): \"\(key)\" is \(value), which is none of \(values.joined(separator: ", "))")
    }
  }

  /// - Throws: `ModelError.unusable` if the user states a setting that nothing has resolved: networks of this family do
  ///   not have it.
  func refuseOtherSettings(_ stated: StatedSettings, of kind: String) throws(ModelError) {
    let others = [
      ("num-channels", "model_channels", stated.numChannels != nil),
      ("num-res-blocks", "num_res_blocks", stated.numResBlocks != nil),
      ("channel-mult", "channel_mult", stated.channelMult != nil),
      ("num-heads", "num_heads", stated.numHeads != nil),
      ("num-heads-upsample", "num_heads_upsample", stated.numHeadsUpsample != nil),
      ("num-head-channels", "num_head_channels", stated.numHeadChannels != nil),
      ("use-new-attention-order", "use_new_attention_order", stated.useNewAttentionOrder != nil),
      ("resblock-updown", "resblock_updown", stated.resblockUpdown != nil),
      ("attention-resolutions", "attention_resolutions", stated.attentionResolutions != nil),
      ("use-scale-shift-norm", "use_scale_shift_norm", stated.useScaleShiftNorm != nil),
      ("in-channels", "in_channels", stated.inChannels != nil),
      ("num-classes", "num_classes", stated.numClasses != nil),
      ("learn-sigma", "learn_sigma", stated.learnSigma != nil),
      ("class-cond", "class_cond", stated.classCond != nil),
    ]
    guard let other = others.first(where: { other in other.2 && !settings.contains { $0.key == other.1 } }) else {
      return
    }
    throw .unusable(
      reason:
        "\(name): --\(other.0) is no setting of \(withArticle(kind)), whose tensors show their shape; leave it out")
  }

  /// Resolves the image size.
  ///
  /// - Parameters:
  ///   - fallback: the size if nothing says it; nil if it has to be said.
  ///   - levels: the levels of the network, each of half the resolution of the one before.
  /// - Throws: `ModelError` if two sources contradict each other, or images of this size cannot be drawn.
  mutating func resolveImageSize(else fallback: Int?, levels: Int = 1) throws(ModelError) -> Int {
    let multiple = 1 << (levels - 1)
    guard let imageSize = try resolve("image_size", \.imageSize) ?? fallback else {
      throw .unusable(
        reason:
          """
          \(name): no tensor shows the size of its images; type --image-size N\
          \(multiple > 1 ? ", a multiple of \(multiple)" : "")
          """)
    }
    guard (1...4096).contains(imageSize) else {
      throw .unusable(reason: "\(name): images of \(imageSize) pixels cannot be drawn; --image-size is 1 to 4096")
    }
    guard imageSize % multiple == 0 else {
      throw .unusable(
        reason:
          """
          \(name): images of \(imageSize) pixels cannot be halved \(levels - 1) times; --image-size must be a multiple \
          of \(multiple)
          """)
    }
    return imageSize
  }
}
