import DiffusionCheckpoints

/// The network of rosinality/denoising-diffusion-pytorch. It divides the scores of attention by √C whatever the number
/// of heads (`AttentionScale.channels`), and normalises without weights before the embedding scales and shifts.
public struct Rosinality: UNetFamily {
  /// See `ModelFamily`.
  public static let name = "rosinality"
  /// See `ModelFamily`.
  public static let signature: String? = "down.1.resblocks.norm1.weight"

  let unet: UNetCheckpoint

  /// See `ModelFamily`. Recognises the names of its residual blocks.
  ///
  /// - Throws: `ModelError.unusable` for a network that folds squares of pixels into channels.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> Rosinality? {
    let state = contents.state
    guard state.names.contains("down.1.resblocks.norm1.weight") else {
      guard let unet = try UNetCheckpoint(described: name, contents) else { return nil }
      return Rosinality(unet: unet)
    }
    if let channels = state.shape(of: "out.2.weight")?.first, channels > 3 {
      throw .unusable(
        reason:
          """
          \(contents.name): is a network of rosinality's that folds squares of pixels into \(channels) channels, which \
          cannot be drawn from here; one with fold 1 can
          """)
    }
    let names = names(state.names)
    let checkpoint = try names.checkpoint(contents, whose: "rosinality's", adding: missingNorms(names, state))
    return try UNetCheckpoint(checkpoint, among: []).map { Rosinality(unet: $0) }
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

  /// The original's names. Both halves are flat lists of blocks, of which that of the decoder has upsampling layers as
  /// blocks of their own.
  static func names(_ names: [String]) -> TensorNames {
    let numbers = NameNumbers(names)
    var table = TensorNames()
    table.ignored = ["time.0.inv_freq"]
    /// Enters a residual block with its attention; returns whether there is one.
    func enterBlock(_ theirs: String, _ original: String, attention: String) -> Bool {
      let layers = ["norm1", "conv1", "time.1", "norm2", "conv2", "skip"].map { "resblocks.\($0)" }
      table.enterResBlock(theirs, original, layers)
      guard numbers.has("\(theirs).attention.out.") else { return false }
      table.enterAttention("\(theirs).attention", attention, norm: "norm", qkv: ["qkv"], out: "out")
      return true
    }
    table.enter("time.1", "time_embed.0")
    table.enter("time.3", "time_embed.2")
    table.enter("down.0", "input_blocks.0.0")
    for block in 1..<max(numbers.count("down."), 1) {
      let original = "input_blocks.\(block)"
      table.enter("down.\(block).0", "\(original).0.op")
      _ = enterBlock("down.\(block)", "\(original).0", attention: "\(original).1")
    }
    _ = enterBlock("mid.0", "middle_block.0", attention: "middle_block.1")
    _ = enterBlock("mid.1", "middle_block.2", attention: "middle_block.3")
    var (place, hasAttention) = (-1, false)
    for block in 0..<numbers.count("up.") {
      if numbers.has("up.\(block).1.") {
        table.enter("up.\(block).1", "output_blocks.\(place).\(hasAttention ? 2 : 1).conv")
      } else {
        place += 1
        hasAttention = enterBlock("up.\(block)", "output_blocks.\(place).0", attention: "output_blocks.\(place).1")
      }
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
