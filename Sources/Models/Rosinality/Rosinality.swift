import DiffusionCheckpoints

/// The network of rosinality/denoising-diffusion-pytorch. It divides the scores of attention by √C whatever the number
/// of heads (`AttentionScale.channels`), and normalises without weights before the embedding scales and shifts.
public struct Rosinality: RenamedUNetFamily {
  /// See `ModelFamily`.
  public static let name = "rosinality"
  /// See `ModelFamily`.
  public static let signature: String? = "down.1.resblocks.norm1.weight"

  static let shown: ModelDescription = {
    var shown = ModelDescription()
    shown.attentionScale = "channels"
    return shown
  }()

  let unet: UNetCheckpoint

  /// See `RenamedUNetFamily`. Recognises the names of its residual blocks.
  ///
  /// - Throws: `ModelError.unusable` for a network that folds squares of pixels into channels.
  static func renamed(_ contents: CheckpointContents) throws(ModelError) -> FamilyCheckpoint? {
    let state = contents.state
    guard state.names.contains("down.1.resblocks.norm1.weight") else { return nil }
    if let channels = state.shape(of: "out.2.weight")?.first, channels > 3 {
      throw .unusable(
        reason:
          """
          \(contents.name): is a network of rosinality's that folds squares of pixels into \(channels) channels, which \
          cannot be drawn from here; one with fold 1 can
          """)
    }
    let names = names(state.names)
    return try names.checkpoint(contents, whose: "rosinality's", adding: missingNorms(names, state))
  }

  /// The second normalisations of residual blocks that have no weights in the file: ones and zeros.
  private static func missingNorms(_ names: TensorNames, _ state: StateDict) -> [AssembledName] {
    state.names.flatMap { name -> [AssembledName] in
      let end = ".resblocks.conv1.bias"
      guard name.hasSuffix(end), let shape = state.shape(of: name) else { return [] }
      let norm = name.dropLast(end.count) + ".resblocks.norm2"
      guard state.shape(of: "\(norm).weight") == nil, let original = names.original(of: String(norm)) else { return [] }
      return [
        AssembledName("\(original).weight", value: 1, shape: shape),
        AssembledName("\(original).bias", value: 0, shape: shape),
      ]
    }
  }

  /// The original's names.
  static func names(_ names: [String]) -> TensorNames {
    let numbers = NameNumbers(names)
    var table = TensorNames()
    table.ignored = ["time.0.inv_freq"]
    table.enter("time.1", "time_embed.0")
    table.enter("time.3", "time_embed.2")
    table.enter("down.0", "input_blocks.0.0")
    let lists = FlatLists(down: "down", middle: "mid", up: "up", first: 1, downsampling: "0", upsampling: "1")
    table.enter(lists, numbers) { table, theirs, original, attention in
      let layers = ["norm1", "conv1", "time.1", "norm2", "conv2", "skip"].map { "resblocks.\($0)" }
      table.enterResBlock(theirs, original, layers)
      guard numbers.has("\(theirs).attention.out.") else { return false }
      table.enterAttention("\(theirs).attention", attention, norm: "norm", qkv: ["qkv"], out: "out")
      return true
    }
    table.enter("out.0", "out.0")
    table.enter("out.2", "out.2")
    return table
  }

  /// The values of its two configurations: `diffusion.conf`, and `improved.conf` with scale and shift.
  var upstream: ModelDescription {
    var defaults = commonUpstream()
    let isImproved = unet.architecture.configuration.useScaleShiftNorm
    defaults.setHoDefaults(unet.architecture.configuration)
    defaults.imageSize = UNetConfiguration.usualImageSize(unet.architecture.configuration.channelMult)
    defaults.numHeads = isImproved ? 4 : 1
    defaults.useNewAttentionOrder = false
    if isImproved { (defaults.noiseSchedule, defaults.betaStart, defaults.betaEnd) = ("cosine", nil, nil) }
    defaults.normEps = 1e-5
    defaults.freqShift = 0
    defaults.downsamplePadding = 1
    defaults.sigmaSmall = true
    defaults.clipDenoised = true
    return defaults
  }
}
