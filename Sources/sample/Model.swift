import Checkpoint
import CommandLineInterface
import EmbeddedModel
import TensorCore
import UNet

/// A network ready to draw, and what is known of it.
struct Model {
  /// The file, or what the embedded model is called.
  let name: String
  let settings: ModelSettings
  let unet: UNetModel

  /// Loads the model that the options name, or the embedded one.
  ///
  /// - Throws: `CheckpointError`, `SettingsError`.
  init(_ options: Options) throws {
    let state: StateDict
    if let path = options.model {
      name = path
      state = try StateDict.read(path: path)
    } else {
      name = "the embedded model"
      state = try StateDict.read(
        safetensors: UnsafeRawBufferPointer(start: embedded_model(), count: embedded_model_size()), name: name)
    }
    let description = try ModelDescription.read(state, path: options.model)
    settings = try ModelSettings(description, options.modelFlags, file: name)
    let weights = Weights(state)
    unet = try UNetModel(settings.unet, weights)
    let unused = weights.unusedNames
    if let first = unused.first {
      throw SettingsError(
        "\(name): \(unused.count) of its tensors have no place in the model (\(first)\(unused.count > 1 ? ", …" : "")); check the model flags"
      )
    }
  }
}
