import DiffusionCheckpoints

/// The network of w86763777/pytorch-ddpm, which zoubohao/DenoisingDiffusionProbabilityModel-ddpm- uses without classes.
public struct PyTorchDDPM: UNetFamily {
  /// See `ModelFamily`.
  public static let name = "pytorch-ddpm"
  /// See `ModelFamily`.
  public static let signature: String? = "time_embedding.timembedding.1.weight"
  static let conventions = SamplingConventions.networksEpsilon
  static let shown = ModelDescription.oneHead
  /// A row for each timestep.
  private static let table = "time_embedding.timembedding.0.weight"

  let unet: UNetCheckpoint
  /// T, if the file says it.
  private var steps: Int?

  /// See `ModelFamily`. Recognises the names of the timestep embedding's layers.
  ///
  /// - Throws: `ModelError.unusable` for zoubohao's network with classes, which is another.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> PyTorchDDPM? {
    let names = contents.state.names
    guard names.contains("time_embedding.timembedding.1.weight") else {
      guard let unet = try UNetCheckpoint(described: name, contents) else { return nil }
      return PyTorchDDPM(unet: unet)
    }
    if names.contains(where: { $0.hasPrefix("cond_embedding.") }) {
      throw .unusable(
        reason:
          """
          \(contents.name): is the network with classes of zoubohao/DenoisingDiffusionProbabilityModel-ddpm-, which \
          cannot be drawn from here; its network without classes can
          """)
    }
    let checkpoint = try Self.names(names).checkpoint(contents, whose: "pytorch-ddpm's")
    guard let unet = try UNetCheckpoint(checkpoint, among: []) else { return nil }
    return PyTorchDDPM(unet: unet, steps: contents.state.shape(of: table)?.first)
  }

  /// The original's names.
  static func names(_ names: [String]) -> TensorNames {
    let numbers = NameNumbers(names)
    var table = TensorNames()
    table.ignored = [Self.table]
    table.interleaved = ["time_embedding.timembedding.1"]
    table.enter("time_embedding.timembedding.1", "time_embed.0")
    table.enter("time_embedding.timembedding.3", "time_embed.2")
    table.enter("head", "input_blocks.0.0")
    let lists = FlatLists(
      down: "downblocks", middle: "middleblocks", up: "upblocks", first: 0, downsampling: "main", upsampling: "main")
    table.enter(lists, numbers) { table, theirs, original, attention in
      let layers = ["block1.0", "block1.2", "temb_proj.1", "block2.0", "block2.3", "shortcut"]
      table.enterResBlock(theirs, original, layers)
      guard numbers.has("\(theirs).attn.proj.") else { return false }
      table.enterAttention(
        "\(theirs).attn", attention, norm: "group_norm", qkv: ["proj_q", "proj_k", "proj_v"], out: "proj")
      return true
    }
    table.enter("tail.0", "out.0")
    table.enter("tail.2", "out.2")
    return table
  }

  var upstream: ModelDescription {
    var defaults = commonUpstream()
    defaults.setHoDefaults(unet.architecture.configuration)
    defaults.normEps = 1e-5
    defaults.freqShift = 0
    defaults.downsamplePadding = 1
    // Its trainer, for CIFAR-10, has another place for attention.
    defaults.imageSize = 32
    defaults.diffusionSteps = steps ?? 1000
    return defaults
  }
}
