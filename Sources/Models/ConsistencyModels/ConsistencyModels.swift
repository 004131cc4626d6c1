import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The networks of openai/consistency_models (Song et al. 2023): guided-diffusion's UNet with attention whose queries,
/// keys and values come from two-dimensional convolutions. They are consistency models, or the EDM models that those
/// are distilled from.
public struct ConsistencyModels: UNetFamily {
  /// See `ModelFamily`.
  public static let name = "consistency-models"

  let unet: UNetCheckpoint
  /// `consistency` or `edm`; nil if nothing says it.
  private let process: String?

  /// See `ModelFamily`. Recognises the four dimensions of attention's weights, or a description that names the family.
  ///
  /// - Throws: `ModelError.unusable` if neither a description, the file's name nor the user says which process it is.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> ConsistencyModels? {
    let attention = contents.state.names.filter { $0.hasSuffix(".qkv.weight") || $0.hasSuffix(".proj_out.weight") }
    let isTheirs = !attention.isEmpty && attention.allSatisfy { contents.state.shape(of: $0)?.count == 4 }
    let isNamed = contents.described?.description.family == name
    guard isTheirs || isNamed else { return nil }
    let state: StateDict
    do {
      state = try contents.state.assembled(
        contents.state.names.map { name in
          AssembledName(name, parts: [name], trailingOnes: isTheirs && attention.contains(name) ? -1 : 0)
        })
    } catch { throw .checkpoint(error) }
    let checkpoint = FamilyCheckpoint(contents, state: state)
    guard let unet = try UNetCheckpoint(checkpoint, among: published) else { return nil }
    let process = contents.described?.description.process ?? process(ofFile: contents.path ?? contents.name)
    if process == nil && stated.process == nil {
      throw .unusable(
        reason:
          """
          \(contents.name): is a network of openai/consistency_models, but nothing says whether it is a consistency \
          model or the EDM model of which one is distilled; type --process consistency or --process edm
          """)
    }
    return ConsistencyModels(unet: unet, process: process)
  }

  /// What the names of their files begin with says.
  private static func process(ofFile path: String) -> String? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if ["edm_", "teacher_model"].contains(where: { name.hasPrefix($0) }) { return "edm" }
    if ["cd_", "ct_", "target_model"].contains(where: { name.hasPrefix($0) }) { return "consistency" }
    return nil
  }

  /// The defaults of the family's scripts; attention always packs all queries, then all keys, then all values.
  var upstream: ModelDescription {
    var defaults = commonUpstream()
    setOpenAIHeads(&defaults)
    defaults.process = process
    defaults.useNewAttentionOrder = true
    defaults.rescaleTimesteps = false
    return defaults
  }

  /// The published models, with heads of 64 channels.
  private static let published = [
    PublishedModel(
      "OpenAI's consistency_models ImageNet-64", name, size: 64, width: 192, mult: [1, 2, 3, 4], blocks: 3,
      attention: [2, 4, 8], classes: 1000, out: 3, headChannels: 64, newOrder: true),
    PublishedModel(
      "OpenAI's consistency_models LSUN 256×256", name, size: 256, width: 256, mult: [1, 1, 2, 2, 4, 4], blocks: 2,
      attention: [8, 16, 32], out: 3, headChannels: 64, newOrder: true, scaleShift: false),
  ]
}
