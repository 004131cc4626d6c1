import DiffusionCore
import DiffusionFiles
import TensorCore

extension UNetCheckpoint {
  /// Resolves the settings that the tensors do not show, with the family's defaults for the rest.
  ///
  /// - Parameters:
  ///   - family: the family's name.
  ///   - stated: the user's settings.
  ///   - shown: what the family's names show: the attention heads and their order.
  ///   - upstream: the defaults of the family's scripts.
  ///   - conventions: how the family's samplers differ from the original's.
  /// - Throws: `ModelError` if two of these contradict each other, or describe an impossible network.
  func specification(
    family: String, _ stated: StatedSettings, shown: ModelDescription, upstream: ModelDescription,
    conventions: SamplingConventions
  ) throws(ModelError) -> ModelSpecification {
    let name = checkpoint.name
    if let problem = stated.predictionProblem { throw .unusable(reason: problem) }
    var tensors = architecture.description
    (tensors.numHeads, tensors.useNewAttentionOrder) = (shown.numHeads, shown.useNewAttentionOrder)
    (tensors.attentionScale, tensors.activatesEmbedding) = (shown.attentionScale, shown.activatesEmbedding)
    var known = SettingsResolver(
      name: name, tensors: tensors, file: checkpoint.described.map(architecture.onlyLevels),
      stated: ModelDescription(stated), published: published.map { ($0.name, $0.description) }, upstream: upstream)
    try known.resolveNetwork([:])
    _ = try known.resolve("kind", \.kind)
    let imageSize = try known.resolveImageSize(else: 64)
    try Self.checkShapes(&known, architecture, stated, imageSize: imageSize)
    try Self.checkClasses(&known, stated)
    let learnSigma = try Self.learnSigma(&known, architecture)
    try Self.resolveHidden(&known)
    var description = known.resolved
    description.family = family
    description.dims = architecture.configuration.dims
    try Self.validate(description, name: name)

    var network = NetworkFacts(
      family: family, kind: architecture.kind.rawValue, imageSize: imageSize,
      imageChannels: architecture.configuration.imageChannels)
    network.task = architecture.kind.task
    network.conditionChannels = architecture.configuration.conditionChannels
    network.dimensions = architecture.configuration.dims
    network.classCount = architecture.configuration.numClasses
    network.outputClasses = architecture.kind == .classifier ? architecture.configuration.outChannels : nil
    network.learnsVariance = learnSigma
    network.conventions = conventions
    return try known.specification(of: network, checkpoint)
  }

  /// Checks what file and flags say against what the tensors show.
  private static func checkShapes(
    _ known: inout SettingsResolver, _ architecture: Architecture, _ stated: StatedSettings, imageSize: Int
  ) throws(ModelError) {
    _ = try known.resolve("in_channels", \.inChannels)
    if let file = known.file, known.tensors.conditionChannels == nil,
      let claimed = file.description.conditionChannels, claimed != 0
    {
      throw .fileContradictsTensors(
        file: file.file(of: "condition_channels"), key: "condition_channels", value: "\(claimed)", model: known.name,
        found: "0")
    }
    if try known.resolve("condition_channels", \.conditionChannels) != nil {
      _ = try known.resolve("condition_first", \.conditionFirst)
    }
    _ = try known.resolve("model_channels", \.modelChannels, flag: "num-channels")
    _ = try known.resolve("channel_mult", \.channelMult)
    _ = try known.resolve("num_res_blocks", \.numResBlocks)
    _ = try known.resolve("attention_resolutions", \.attentionResolutions)
    // The command line gives the image sizes at which there is attention.
    if let resolutions = stated.attentionResolutions {
      let factors = architecture.onlyLevels(resolutions.filter { (1...imageSize).contains($0) }.map { imageSize / $0 })
      let found = architecture.configuration.attentionResolutions.sorted()
      guard factors == found else {
        let sizes = found.map { "\(imageSize / $0)" }.joined(separator: ",")
        throw .unusable(
          reason:
            """
            --attention-resolutions \(resolutions.map(String.init).joined(separator: ",")) contradicts \(known.name), \
            whose tensors have attention \(found.isEmpty ? "nowhere but in the middle" : "at \(sizes)"); leave \
            --attention-resolutions out, or check --image-size (\(imageSize))
            """)
      }
    }
    _ = try known.resolve("use_scale_shift_norm", \.useScaleShiftNorm)
    _ = try known.resolve("resblock_updown", \.resblockUpdown)
    _ = try known.resolve("conv_resample", \.convResample)
  }

  private static func checkClasses(_ known: inout SettingsResolver, _ stated: StatedSettings) throws(ModelError) {
    let count = known.tensors.numClasses
    if stated.classCond == true && count == nil {
      throw .unusable(
        reason:
          """
          --class-cond True contradicts \(known.name), which has no classes (no tensor label_emb.weight); \
          leave --class-cond out
          """)
    }
    if stated.classCond == false, let count {
      throw .unusable(reason: "--class-cond False contradicts the \(count) classes of \(known.name); leave it out")
    }
    if count == nil, let claimed = known.file?.description.numClasses ?? stated.numClasses {
      throw .unusable(
        reason:
          """
          \(known.name): has no classes (no tensor label_emb.weight), but \
          \(known.file?.description.numClasses == nil ? "--num-classes says" : "its description says") \(claimed)
          """)
    }
    _ = try known.resolve("num_classes", \.numClasses)
  }

  /// Whether the network also outputs the variance: twice as many channels as it takes.
  private static func learnSigma(_ known: inout SettingsResolver, _ architecture: Architecture) throws(ModelError)
    -> Bool
  {
    _ = try known.resolve("out_channels", \.outChannels)
    guard architecture.kind != .classifier else { return false }
    let (taken, out) = (architecture.configuration.imageChannels, architecture.configuration.outChannels)
    guard out == taken || out == 2 * taken else {
      throw .unusable(
        reason:
          """
          \(known.name): a model that takes \(taken) channels and puts out \(out) predicts neither images nor images \
          and their variance
          """)
    }
    let learns = out == 2 * taken
    if let claimed = known.stated.learnSigma, claimed != learns {
      throw .unusable(
        reason:
          """
          --learn-sigma \(claimed ? "True" : "False") contradicts \(known.name), \
          which takes \(taken) channels and puts out \(out); leave --learn-sigma out
          """)
    }
    if let file = known.file, let claimed = file.description.learnSigma, claimed != learns {
      throw .unusable(
        reason:
          """
          \(file.file): "learn_sigma" is \(claimed), but \(known.name) takes \(taken) channels and puts out \(out); \
          correct it, or leave it out
          """)
    }
    return learns
  }

  /// Resolves the settings of the network that shapes do not show.
  private static func resolveHidden(_ known: inout SettingsResolver) throws(ModelError) {
    try known.resolveHeads()
    _ = try known.resolve("use_new_attention_order", \.useNewAttentionOrder)
    _ = try known.resolve("attention_scale", \.attentionScale)
    _ = try known.resolve("embedding_features", \.embeddingFeatures)
    _ = try known.resolve("activates_embedding", \.activatesEmbedding)
    _ = try known.resolve("norm_num_groups", \.normNumGroups)
    _ = try known.resolve("norm_eps", \.normEps)
    _ = try known.resolve("middle_attention_norm", \.middleAttentionNorm)
    _ = try known.resolve("downsample_padding", \.downsamplePadding)
    _ = try known.resolve("freq_shift", \.freqShift)
    _ = try known.resolve("flip_sin_to_cos", \.flipSinToCos)
  }

  /// Checks that the network is possible, and fits the image size.
  private static func validate(_ description: ModelDescription, name: String) throws(ModelError) {
    let configuration = UNetConfiguration(description)
    do { try configuration.validate() } catch { throw .unusable(reason: "\(name): \(error)") }
    let imageSize = description.imageSize ?? 0
    guard imageSize % configuration.sizeMultiple == 0 else {
      throw .unusable(
        reason:
          """
          \(name): images of \(imageSize) pixels cannot be halved \(configuration.channelMult.count - 1) times; \
          --image-size must be a multiple of \(configuration.sizeMultiple)
          """)
    }
  }
}
