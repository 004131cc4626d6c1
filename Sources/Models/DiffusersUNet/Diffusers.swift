import DiffusionCheckpoints
import TensorCore

/// The networks of huggingface/diffusers' `UNet2DModel`. They differ from the original's only in names and in separate
/// queries, keys and values.
public struct Diffusers: UNetFamily {
  /// See `ModelFamily`.
  public static let name = "diffusers"
  /// See `ModelFamily`.
  public static let signature: String? = "time_embedding.linear_1.weight"
  static let conventions: SamplingConventions = {
    var conventions = SamplingConventions()
    conventions.keepsEpsilon = true
    conventions.drawsUnusedNoise = false
    conventions.spacesAsSchedulers = true
    conventions.levels.hasFixedStride = true
    return conventions
  }()

  let unet: UNetCheckpoint
  /// See `ModelFamily`.
  public private(set) var autoencoder: AutoencoderSource?

  /// See `ModelFamily`.
  public static func weights(inFolder path: String) throws(CheckpointError) -> String? {
    try DiffusersFolder.weights(in: path)
  }

  /// See `ModelFamily`.
  public static func folder(of file: String) -> String? {
    file.split(separator: "/").last == "model_index.json" ? DiffusersFolder.folder(of: file) : nil
  }

  /// See `ModelFamily`. Recognises diffusers' tensor names, or a description that names diffusers.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> Diffusers? {
    guard let names = TensorNames.diffusers(contents.state.names) else {
      guard
        let unet = try UNetCheckpoint(
          FamilyCheckpoint(contents), among: PublishedModel.openAI, takesCondition: contents.described != nil)
      else { return nil }
      return unet.isNamed(name) == true ? Diffusers(unet: unet) : nil
    }
    var (described, autoencoder): (DescribedModel?, AutoencoderSource?)
    do {
      if let folder = contents.path.map({ DiffusersFolder(weights: $0) }) {
        (described, autoencoder) = (try folder.description(), try folder.autoencoder())
      }
    } catch { throw .checkpoint(error) }
    let checkpoint = try names.checkpoint(contents, whose: "diffusers'", described: described)
    guard let unet = try UNetCheckpoint(checkpoint, among: PublishedModel.google, takesCondition: true) else {
      return nil
    }
    return unet.isNamed(name) == false ? nil : Diffusers(unet: unet, autoencoder: autoencoder)
  }

  /// The defaults of the constructors of `UNet2DModel` and its schedulers.
  var upstream: ModelDescription {
    var defaults = commonUpstream()
    defaults.numHeadChannels = 8
    defaults.freqShift = 0
    defaults.flipSinToCos = true
    defaults.downsamplePadding = 1
    defaults.normEps = 1e-5
    defaults.normNumGroups = 32
    defaults.rescaleTimesteps = false
    defaults.sigmaSmall = true
    defaults.betaStart = 1e-4
    defaults.betaEnd = 0.02
    defaults.conditionFirst = false
    return defaults
  }
}
