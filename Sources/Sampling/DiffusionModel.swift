import CDiffusionDigits
import DiffusionCheckpoints
import DiffusionModels
import TensorCore

/// A diffusion model that is ready to draw: the network of a checkpoint, and what is known of it.
///
/// It may be used from several tasks at once; they share the threads of one pool, so that two drawings at a time are no faster than one after
/// the other.
public struct DiffusionModel: Sendable {
  /// The file, or what the embedded model is called.
  public let name: String
  /// The path that it was opened with; nil for the embedded model.
  public let path: String?
  /// What it draws, on which process, and how that is known.
  public let specification: ModelSpecification
  /// The network, for those who want to call it themselves.
  public let network: any DenoisingNetwork
  private let hash: Lazy<String>

  /// Opens the checkpoint at `path`: a `.pt`, `.pth`, `.bin` or `.safetensors`, the index of a sharded one, a folder that diffusers saved, or the
  /// folder of a run of training. Its tensors are mapped into memory, and read when they are first needed.
  ///
  /// - Parameters:
  ///   - path: the file or folder.
  ///   - settings: what is said of the model where the file does not say it.
  ///   - families: the code bases whose models are known.
  /// - Throws: `SamplingError.model` for a file that is no such model, `.classifierAsModel` and `.dimensions` for one that draws no pictures.
  public init(
    path: String, settings: StatedSettings = StatedSettings(), families: [any ModelFamily.Type] = ModelFamilies.all
  ) throws(SamplingError) {
    try self.init(try inSamplingTerms { try ModelSource(path: path, stated: settings, families: families) }, path: path)
  }

  /// The model of handwritten digits that is part of the library.
  public static let embedded: DiffusionModel = {
    do { return try DiffusionModel(try embeddedSource(), path: nil) } catch {
      preconditionFailure("the embedded model is not sound: \(error)")
    }
  }()

  /// The embedded model, taken for what is said of it.
  ///
  /// - Throws: `SamplingError.model` where its description says otherwise.
  public init(embeddedWith settings: StatedSettings) throws(SamplingError) {
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
    let state = source.checkpoint.state
    hash = Lazy { state.fingerprint }
  }

  /// The tensors of the embedded model, and what is known of them.
  ///
  /// - Throws: `SamplingError.model` where `settings` contradict its description.
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

  /// A number that tells models apart: see `StateDict.fingerprint`.
  public var fingerprint: String { hash.value }

  /// The file's name without folder and extension, or what the embedded model shows.
  public var shortName: String {
    let file = path?.split(separator: "/").last ?? "digits"
    return String(file.lastIndex(of: ".").map { file[..<$0] } ?? file)
  }

  /// The classes that it was trained on; nil if it knows none.
  public var classes: KnownClasses? {
    specification.classCount.map {
      KnownClasses(count: $0, names: specification.classNames, nullClass: specification.nullClass)
    }
  }

  /// - Throws: `SamplingError.strayLabel` for a label in a file that is none of the model's classes.
  func checkLabels(_ labels: [Int]?, of file: String) throws(SamplingError) {
    guard let classes = specification.classCount, let stray = labels?.first(where: { !(0..<classes).contains($0) })
    else { return }
    throw .strayLabel(path: file, stray, model: name, classes: classes)
  }
}

extension DiffusionModel {
  /// A line that says that the model looks as if it were something else than it is taken for, and what to state; nil if it does not, or if its
  /// file says all that its tensors do not show. Runs the network a few times (see `DenoiserCheck`).
  public var advice: String? {
    if specification.isFullyDescribed { return nil }
    return DenoiserCheck(network, specification).report(name: name, tryingOthers: false).advice
  }
}
