import DiffusionBytes
import DiffusionCheckpoints
import DiffusionFiles
import DiffusionText
import TensorCore

/// The files of a model saved by diffusers: `unet/` and `scheduler/` in a pipeline's folder, or all at the root in
/// older ones; or in a folder of its cache of downloads, or of training (`checkpoint-500/unet_ema`). Pipelines that
/// draw latents have an autoencoder beside them (`vqvae/` or `vae/`).
struct DiffusersFolder {
  /// The names of weight files, the usual ones first; then those of `variant="fp16"` and of untrained averages.
  private static let weightNames = ["", "fp16", "non_ema"].flatMap { variant in
    let (infix, index) = variant.isEmpty ? ("", "index") : (variant + ".", "index." + variant)
    return ["safetensors", "bin"].flatMap { ending in
      ["diffusion_pytorch_model.\(infix)\(ending)", "diffusion_pytorch_model.\(ending).\(index).json"]
    }
  }

  /// The folder that holds the weights; `.` is the current one.
  private let folder: String

  /// The weight file in the folder `path`.
  ///
  /// - Throws: `CheckpointError.folder` if there is none.
  static func weights(in path: String) throws(CheckpointError) -> String {
    let path = try snapshot(of: path) ?? path
    // Averages before what they are averages of, as diffusers' training script saves both.
    for folder in [path + "/unet_ema", path + "/unet", path] {
      if let file = try weightFile(in: folder) { return file }
    }
    throw try .noModel(inFolder: path)
  }

  /// The weight file that is itself in the folder `path`; nil if there is none.
  private static func weightFile(in path: String) throws(CheckpointError) -> String? {
    for name in weightNames where try checkpointKind(ofPath: "\(path)/\(name)") != .nothing {
      return "\(path)/\(name)"
    }
    return nil
  }

  /// The folder of the downloaded version that `path`, a folder like `models--google--ddpm-cifar10-32` in the cache of
  /// the Hugging Face hub, names as `main`; nil if it is no such folder.
  private static func snapshot(of path: String) throws(CheckpointError) -> String? {
    let reference = path + "/refs/main"
    guard try checkpointKind(ofPath: reference) != .nothing else { return nil }
    let file = try MappedFile(checkpoint: reference)
    let name = (file.text(0, min(file.count, 256)) ?? "").split(whereSeparator: \.isWhitespace).first ?? ""
    guard !name.isEmpty, name.utf8.allSatisfy({ $0.isLetterOrDigit }) else { return nil }
    let snapshot = "\(path)/snapshots/\(name)"
    return try checkpointKind(ofPath: snapshot) == .folder ? snapshot : nil
  }

  /// The files around the weight file `weights`.
  init(weights: String) {
    folder = Self.folder(of: weights)
    let name = folder.split(separator: "/").last.map(String.init) ?? ""
    // The current folder may be called anything.
    let isNameless =
      [".", ".."].contains(name) && (try? checkpointKind(ofPath: "\(folder)/model_index.json")) == .nothing
    pipeline = ["unet", "unet_ema"].contains(name) || isNameless ? Self.parent(of: folder) : folder
  }

  /// The folder that the file `path` is in.
  static func folder(of path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
  }

  /// The folder that the folder `path` is in.
  private static func parent(of path: String) -> String {
    let last = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    return ["", ".", ".."].contains(last) ? path + "/.." : folder(of: path)
  }

  /// The description in the configurations of network and scheduler; nil if there are none.
  ///
  /// - Throws: `CheckpointError` if one exists but cannot be read or is not supported.
  func description() throws(CheckpointError) -> DescribedModel? {
    let network = "\(folder)/config.json"
    guard try checkpointKind(ofPath: network) != .nothing else { return nil }
    try checkModules()
    var model = DescribedModel(
      description: try decode(DiffusersConfiguration.self, network).description(file: network), file: network)
    let around = Self.parent(of: folder)
    for place in [around + "/scheduler", folder + "/scheduler", folder, Self.parent(of: around) + "/scheduler"] {
      let scheduler = "\(place)/scheduler_config.json"
      guard try checkpointKind(ofPath: scheduler) != .nothing else { continue }
      try decode(DiffusersScheduler.self, scheduler).describe(&model, file: scheduler)
      return model
    }
    return model
  }

  /// The folder of the pipeline that the network is a module of, which may be its own.
  private let pipeline: String

  /// The file that names the pipeline's modules.
  private var index: String { "\(pipeline)/model_index.json" }

  /// The pipeline's modules; none if there is no pipeline.
  private func modules() throws(CheckpointError) -> [(name: String, type: String)] {
    guard try checkpointKind(ofPath: index) != .nothing else { return [] }
    return try decode(ModelIndex.self, index, snakeCase: false).modules.sorted { $0.key < $1.key }
      .map { (name: $0.key, type: $0.value) }
  }

  /// Checks that the pipeline has no modules but the network, its scheduler and an autoencoder: with any other, it
  /// draws something else, or needs an input that there is not.
  ///
  /// - Throws: `CheckpointError.unsupported`, with the module's name.
  private func checkModules() throws(CheckpointError) {
    // The mel spectrogram of audio pipelines converts the image that the network draws.
    let known = Self.autoencoders.union(["unet", "scheduler", "mel"])
    for (name, type) in try modules() where !known.contains(name) {
      throw .unsupported(
        file: index, key: sanitizedLine(name), value: sanitizedLine(type),
        supported: "pipelines of a UNet2DModel and its scheduler, and an autoencoder (vqvae or vae),")
    }
  }

  /// The names of autoencoders in pipelines.
  private static let autoencoders: Set<String> = ["vqvae", "vae"]

  /// The autoencoder whose latents the network draws; nil if the pipeline has none.
  ///
  /// - Throws: `CheckpointError` if there are two, or it cannot be read or is not supported.
  func autoencoder() throws(CheckpointError) -> AutoencoderSource? {
    let found = try modules().filter { Self.autoencoders.contains($0.name) }
    guard let (name, type) = found.first else { return nil }
    if found.count > 1 {
      throw .unsupported(
        file: index, key: found[1].name, value: sanitizedLine(found[1].type),
        supported: "pipelines with one autoencoder, not a \(name) too,")
    }
    guard let kind = AutoencoderShape.Kind(rawValue: type) else {
      throw .unsupported(
        file: index, key: name, value: sanitizedLine(type),
        supported: AutoencoderShape.Kind.allCases.map(\.rawValue).joined(separator: " and "))
    }
    let folder = "\(pipeline)/\(name)"
    let file = "\(folder)/config.json"
    let shape = try decode(AutoencoderConfiguration.self, file).shape(kind: kind, file: file)
    guard let weights = try Self.weightFile(in: folder) else { throw .folder(file: folder) }
    return AutoencoderSource(try StateDict.read(path: weights, signatures: [AutoencoderSource.signature]), shape)
  }

  private func decode<T: Decodable>(
    _ type: T.Type, _ path: String, snakeCase: Bool = true
  ) throws(CheckpointError) -> T {
    let file = try MappedFile(checkpoint: path)
    do {
      let json = jsonFromPython((file.text(0, file.count) ?? "").utf8)
      return try decodeJSON(T.self, from: json, snakeCase: snakeCase)
    } catch {
      throw .descriptionNotJSON(file: path, reason: jsonReason(error))
    }
  }
}

/// A pipeline's `model_index.json`: the class of each module.
private struct ModelIndex: Decodable {
  /// The classes of modules that are there, by their names.
  let modules: [String: String]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    var modules: [String: String] = [:]
    for key in container.allKeys where !key.stringValue.hasPrefix("_") {
      // [library, class], or [null, null] where the module is left out; other values are settings of the pipeline.
      guard let type = try? container.decode([String?].self, forKey: key), type.count == 2 else { continue }
      if let name = type[1] { modules[key.stringValue] = name }
    }
    self.modules = modules
  }
}

extension UInt8 {
  fileprivate var isLetterOrDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }
}
