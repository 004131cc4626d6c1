import DiffusionCheckpoints
import DiffusionCore
import DiffusionText

/// lucidrains' denoising-diffusion-pytorch: the class `Unet` of releases since 0.22, with and without classes, and what
/// draws with it: `GaussianDiffusion`, `LearnedGaussianDiffusion` and `ElucidatedDiffusion`.
public struct Lucidrains: ModelFamily {
  /// See `ModelFamily`.
  public static let name = "denoising-diffusion-pytorch"
  /// See `ModelFamily`. Networks that cannot be drawn from have it too, and are named when they are refused.
  public static let signature: String? = "time_mlp.3.weight"

  /// See `ModelFamily`.
  public let checkpoint: FamilyCheckpoint
  let shape: LucidrainsShape
  let buffers: LucidrainsBuffers
  /// The release that the file says; nil if it says none.
  let release: LucidrainsRelease?

  /// See `ModelFamily`.
  ///
  /// - Throws: `ModelError.unusable` for another network of the code base.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> Lucidrains? {
    if let reason = LucidrainsRefusals.reason(contents.state) {
      throw .unusable(reason: "\(contents.name): \(reason)")
    }
    let state = contents.state
    guard state.shape(of: "init_conv.weight")?.count == 4, state.shape(of: "downs.0.0.block1.proj.weight") != nil,
      state.shape(of: "time_mlp.1.weight") != nil
    else { return nil }
    return try Lucidrains(contents)
  }

  private init(_ contents: CheckpointContents) throws(ModelError) {
    shape = try LucidrainsShape(contents.state, name: contents.name)
    buffers = try LucidrainsBuffers(contents.state, name: contents.name)
    var described = contents.described
    let said = described?.description[network: "release"]
    release = (said ?? contents.state.origin.version).flatMap { LucidrainsRelease($0) }
    if let said, release == nil {
      throw .unusable(
        reason:
          "\(contents.name): its description says release \(sanitized(said)); correct it to one, or leave it out"
      )
    }
    if said == nil, let release {
      // As a description beside the file, if there is one, would say it.
      var description = described ?? DescribedModel(description: ModelDescription(), file: contents.name)
      description.description[network: "release"] = "\(release)"
      description.otherFiles["release"] = contents.name
      described = description
    }
    checkpoint = FamilyCheckpoint(contents, described: described)
  }

  /// See `ModelFamily`.
  public func network(
    _ specification: ModelSpecification, _ weights: Weights, _ options: NetworkOptions
  ) throws(CheckpointError) -> any DenoisingNetwork {
    try LucidrainsUnet(shape, LucidrainsSettings(specification.description), weights)
  }

  /// See `ModelFamily`.
  public func levels(_ specification: ModelSpecification, _ network: (any DenoisingNetwork)?) -> [Level] {
    let settings = LucidrainsSettings(specification.description)
    var levels = (0..<shape.levels).map { level in
      Level(index: level, width: shape.widths[level], heads: settings.heads(shape.down[level]))
    }
    for (name, tensor) in checkpoint.state.shapes {
      guard let level = level(ofTensor: name) else { continue }
      levels[level].parameters += tensor.reduce(1, *)
    }
    guard let unet = network as? LucidrainsUnet else { return levels }
    let size = [specification.imageSize, specification.imageSize]
    for (level, count) in unet.multiplyAddsOfLevels(size).enumerated() { levels[level].multiplyAdds = count }
    return levels
  }

  /// The level that a tensor counts to: the middle to the lowest.
  private func level(ofTensor name: String) -> Int? {
    let parts = name.split(separator: ".", maxSplits: 2)
    if name.hasPrefix("mid_") { return shape.levels - 1 }
    guard parts.count == 3, let number = Int(parts[1]), (0..<shape.levels).contains(number) else { return nil }
    switch parts[0] {
    case "downs": return number
    case "ups": return shape.levels - 1 - number
    default: return nil
    }
  }
}
