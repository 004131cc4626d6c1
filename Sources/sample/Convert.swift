import Console
import Checkpoint
import CommandLineInterface
import Images
import UNet

/// Writes a checkpoint as a safetensors file that says itself all that is known of the model, so that it needs neither flags nor
/// files beside it.
///
/// - Throws: `CheckpointError`, `SettingsError`, `ImageError`; then nothing is written.
func convert(_ options: Options, to path: String) throws {
  let source = try ModelSource(path: options.model, flags: options.modelFlags)
  if !options.overwrite && kind(ofPath: path) != .nothing {
    throw SettingsError("\(path): exists; type --overwrite to replace it, or choose another name")
  }
  // What is not a whole model is not written again.
  if source.settings.kind == .classifier { _ = try source.classifier() } else { _ = try source.unet() }
  let metadata = ["format": "pt", "config": try source.settings.description.json()]
  try writeAtomically(to: path) { write in
    try writeSafetensors(source.checkpoint.state, metadata: metadata, half: options.half) { try write($0) }
  }
  writeError(source.settings.provenance(name: source.name) + "\n")
  writeError(
    "\(path): \(source.checkpoint.state.names.count) tensors, \(grouped(source.checkpoint.state.elementCount)) parameters as \(options.half ? "float16" : "float32"), described as above\n"
  )
}
