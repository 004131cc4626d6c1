import CDiffusionDigits
import DiffusionCheckpoints
import DiffusionCommandLine
import DiffusionFiles
import DiffusionModels
import DiffusionTraining
import TensorCore

/// A network ready to draw, and what is known of it.
struct Model {
  /// The file, or what the embedded model is called.
  let name: String
  let settings: ModelSettings
  let unet: UNetModel
  private let hash: Lazy<String>

  /// `StateDict.fingerprint`.
  var fingerprint: String { hash.value }

  /// The file's name without folder and extension, or what the embedded model shows.
  let shortName: String

  /// Loads the model that the options name, or the embedded one.
  ///
  /// - Throws: `CheckpointError`, `SettingsError`.
  init(_ options: Options) throws {
    let source = try ModelSource(path: options.model, flags: options.modelFlags)
    (name, settings) = (source.name, source.settings)
    guard settings.kind != .classifier else {
      throw SettingsError(
        "\(name): is a classifier, which says what a picture shows and draws none; give a diffusion model (sample inspect \(name) says more)"
      )
    }
    let dims = settings.unet.dims
    guard dims == 2 else {
      throw SettingsError(
        "\(name): works on data of \(dims) \(dims == 1 ? "dimension" : "dimensions"), not on images, which have 2")
    }
    unet = try source.unet()
    let state = source.checkpoint.state
    hash = Lazy { state.fingerprint }
    let file = options.model?.split(separator: "/").last ?? "digits"
    shortName = String(file.lastIndex(of: ".").map { file[..<$0] } ?? file)
  }
}

/// A checkpoint and what is known of the model in it.
struct ModelSource {
  let name: String
  let checkpoint: LoadedCheckpoint
  let settings: ModelSettings

  /// Reads the checkpoint at `path`, or the embedded model.
  ///
  /// - Throws: `CheckpointError`, `SettingsError`.
  init(path: String?, flags: ModelFlags) throws {
    if let path {
      // Of a run of training, what it has come to.
      let file = try kind(ofPath: path) == .folder ? try TrainingCheckpoint.latestModel(in: path) ?? path : path
      name = file
      checkpoint = try LoadedCheckpoint.read(path: file)
    } else {
      name = "the embedded model"
      let bytes = UnsafeRawBufferPointer(start: embedded_model(), count: embedded_model_size())
      checkpoint = try LoadedCheckpoint(try StateDict.read(safetensors: bytes, name: name), path: nil)
    }
    let architecture: Architecture
    do { architecture = try Architecture(checkpoint.state.shapes) } catch { throw SettingsError("\(name): \(error)") }
    settings = try ModelSettings(
      architecture, described: checkpoint.described, isDiffusers: checkpoint.diffusersNames != nil, flags: flags,
      name: name)
  }

  /// The network, with a place for every tensor. No tensor is read yet.
  ///
  /// - Throws: `CheckpointError` where a tensor is missing or has another shape; `SettingsError` for one too many.
  func unet() throws -> UNetModel { try build(UNetModel.init, Weights(checkpoint.state)) }

  /// The network to be trained, and its variables.
  ///
  /// - Throws: as `unet()`.
  func trainedUNet(useCheckpoint: Bool) throws -> (unet: UNetModel, variables: [Variable]) {
    let weights = Weights(checkpoint.state).asVariables()
    let unet = try build(UNetModel.init, weights) { $0.useCheckpoint = useCheckpoint }
    checkpoint.state.releasePages()
    return (unet, weights.variables)
  }

  /// The same of a classifier.
  func classifier() throws -> EncoderUNetModel { try build(EncoderUNetModel.init, Weights(checkpoint.state)) }

  /// A classifier that gradients go through.
  ///
  /// - Throws: as `unet()`.
  func frozenClassifier() throws -> EncoderUNetModel {
    try build(EncoderUNetModel.init, Weights(checkpoint.state).asVariables(frozen: true))
  }

  private func build<Network>(
    _ make: (UNetConfiguration, Weights) throws(CheckpointError) -> Network, _ weights: Weights,
    adjusting adjust: (inout UNetConfiguration) -> Void = { _ in }
  ) throws -> Network {
    var configuration = settings.unet
    adjust(&configuration)
    let network: Network
    do { network = try make(configuration, weights) } catch { throw checkpoint.inFileTerms(error) }
    let unused = weights.unusedNames
    if let first = unused.first {
      let shape = checkpoint.state.shape(of: first) ?? []
      let others = unused.count == 1 ? "" : ", nor have \(unused.count - 1) others"
      throw SettingsError(
        "\(name): its tensor \(first) of shape \(shape) has no place in a \(settings.family.name) \(settings.kind.rawValue)\(others); is it another kind of model?"
      )
    }
    return network
  }
}
