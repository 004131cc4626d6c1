import CDiffusionDigits
import DiffusionCheckpoints
import DiffusionModels
import TensorCore

/// A diffusion model ready to sample: a checkpoint's network and its resolved settings.
///
/// Safe to use from several tasks at once. They share one thread pool, so running two at a time is no faster than one
/// after the other.
public struct DiffusionModel: Sendable {
  /// The file, or the embedded model's name.
  public let name: String
  /// The path it was opened from; nil for the embedded model.
  public let path: String?
  /// What the model draws, its diffusion process, and where each setting comes from.
  public let specification: ModelSpecification
  /// The network, to call directly.
  public let network: any DenoisingNetwork
  /// The autoencoder whose latents the network draws; nil if it draws pictures.
  public let autoencoder: Autoencoder?
  private let hash: Lazy<String>
  private let damage: Lazy<String?>

  /// Opens the checkpoint at `path`: a `.pt`, `.pth`, `.bin`, `.pkl` or `.safetensors`, the index of a sharded one, a
  /// folder saved by diffusers, or the folder of a training run. Tensors are memory-mapped and read on first use.
  ///
  /// - Parameters:
  ///   - path: the file or folder.
  ///   - settings: settings that the file does not state.
  ///   - families: the model families to recognise.
  /// - Throws: `SamplingError.model` if the file is not a known model, `.classifierAsModel` or `.dimensions` if the
  ///   model does not draw images.
  public init(
    path: String, settings: StatedSettings = StatedSettings(), families: [any ModelFamily.Type] = ModelFamilies.all
  ) throws(SamplingError) {
    try self.init(try inSamplingTerms { try ModelSource(path: path, stated: settings, families: families) }, path: path)
  }

  /// The model of handwritten digits that is built into the library.
  public static let embedded: DiffusionModel = {
    do { return try DiffusionModel(try embeddedSource(), path: nil) } catch {
      preconditionFailure("the embedded model is not sound: \(error)")
    }
  }()

  /// The embedded model with `settings` applied.
  ///
  /// - Throws: `SamplingError.model` if they contradict its description.
  public init(embeddedWith settings: StatedSettings) throws(SamplingError) {
    for (name, isGiven) in [("--process", settings.process != nil), ("--prediction", settings.prediction != nil)]
    where isGiven {
      throw .request("\(name): the embedded model's is known; leave it out, or type --model and a file")
    }
    try self.init(try Self.embeddedSource(settings), path: nil)
  }

  /// The model of `source`.
  ///
  /// - Throws: as `init(path:settings:families:)`.
  public init(_ source: ModelSource, path: String?) throws(SamplingError) {
    (name, specification, self.path) = (source.name, source.specification, path)
    guard specification.task != .classification else { throw .classifierAsModel(model: name) }
    guard specification.dimensions == 2 else { throw .dimensions(model: name, specification.dimensions) }
    network = try inSamplingTerms { try source.network() }
    autoencoder = try inSamplingTerms { try source.autoencoder() }
    let (state, beside) = (source.checkpoint.state, source.family.autoencoder?.state)
    hash = Lazy { beside.map(state.fingerprint(with:)) ?? state.fingerprint }
    damage = Lazy { state.damagedTensor ?? beside?.damagedTensor }
  }

  /// The embedded model's tensors and resolved settings.
  ///
  /// - Throws: `SamplingError.model` if `settings` contradict its description.
  public static func embeddedSource(_ settings: StatedSettings = StatedSettings()) throws(SamplingError) -> ModelSource
  {
    try inSamplingTerms {
      let bytes = UnsafeRawBufferPointer(start: embedded_model(), count: embedded_model_size())
      do {
        let state = try StateDict.read(safetensors: bytes, name: "the embedded model")
        return try ModelSource(try CheckpointContents(state, path: nil), stated: settings)
      } catch let error as CheckpointError { throw ModelError.checkpoint(error) }
    }
  }

  /// Identifies the weights, those of an autoencoder too: see `StateDict.fingerprint`.
  public var fingerprint: String { hash.value }

  /// The first tensor with a value that is NaN or infinite; nil if there is none. Reads the whole file, once.
  public var damagedTensor: String? { damage.value }

  /// The file name without folder and extension; `digits` for the embedded model.
  public var shortName: String {
    let file = path?.split(separator: "/").last ?? "digits"
    return String(file.lastIndex(of: ".").map { file[..<$0] } ?? file)
  }

  /// The classes it was trained on; nil for an unconditional model.
  public var classes: KnownClasses? {
    specification.classCount.map {
      KnownClasses(count: $0, names: specification.classNames, nullClass: specification.nullClass)
    }
  }

  /// The pictures of `x`, `[N, C, H, W]`: of latents what the autoencoder makes of them, otherwise `x` itself.
  ///
  /// - Returns: `[N, C', H', W']`, nominally in [-1, 1].
  public func pictures(of x: Tensor) -> Tensor { autoencoder?.decode(x) ?? x }

  /// - Throws: `SamplingError.request` if the model has no timesteps, which encoding and measuring images need.
  func requireTimesteps() throws(SamplingError) {
    guard let continuous = specification.process.continuous else {
      guard specification.conventions.imagesFromZero else { return }
      throw .request(
        "\(name): images are encoded and measured by models that know them in -1 to 1, not in 0 to 1 (auto_normalize)")
    }
    throw .request(
      """
      \(name): images are encoded and measured by models with timesteps, not by those of the process \
      \(continuous.form.rawValue)
      """)
  }

  /// - Throws: `SamplingError.strayLabel` if a file holds a label that is not one of the model's classes.
  func checkLabels(_ labels: [Int]?, of file: String) throws(SamplingError) {
    guard let classes = specification.classCount, let stray = labels?.first(where: { !(0..<classes).contains($0) })
    else { return }
    throw .strayLabel(path: file, stray, model: name, classes: classes)
  }
}

extension DiffusionModel {
  /// One line saying that the settings look wrong and which flags would fit better; nil if they look right, or if the
  /// file states everything that its tensors do not show. Runs the network a few times (see `DenoiserCheck`).
  public var advice: String? {
    if specification.isFullyDescribed || !specification.canBeChecked { return nil }
    return DenoiserCheck(network, specification).report(name: name, tryingOthers: false).advice
  }
}
