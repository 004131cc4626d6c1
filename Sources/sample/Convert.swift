import DiffusionCheckpoints
import DiffusionCommandLine
import DiffusionFiles
import DiffusionModels
import DiffusionTerminal
import DiffusionText
import TensorCore

/// Writes a checkpoint as a safetensors file that says itself all that is known of the model, or as a `.pt` with a file beside it
/// that does, so that neither flags nor other files are needed with it.
///
/// - Throws: `ModelError`, `CheckpointError`, `FileError`; then nothing is written, unless it is the name of a `.pt` that fails:
///   then its description is there.
func convert(_ options: Options, to destination: CheckpointDestination) throws {
  let source = try ModelSource(path: options.request.model ?? "", stated: options.request.settings)
  // What is not a whole model is not written again.
  if source.specification.task == .classification { _ = try source.classifier() } else { _ = try source.network() }
  let state = source.checkpoint.state
  let description = try source.specification.description.json()
  let type = options.half ? "float16" : "float32"
  let count = "\(state.names.count) tensors, \(grouped(state.elementCount)) parameters as \(type)"
  let done: String
  switch destination {
  case .safetensors(let path):
    try checkFree(path, options)
    try writeAtomically(to: path) { write in
      try writeSafetensors(state, metadata: ["format": "pt", "config": description], half: options.half) {
        try write($0)
      }
    }
    done = "\(path): \(count), described as above"
  case .torch(let path):
    // What is looked at first beside a checkpoint.
    let beside = path + ".json"
    try checkFree(path, options)
    try checkFree(beside, options)
    let (file, descriptionFile) = (try AtomicFile(path: path), try AtomicFile(path: beside))
    try descriptionFile.append(Array((description + "\n").utf8))
    try writeTorchArchive(state, half: options.half, to: file)
    // Last the model: where it is, its description is too.
    try descriptionFile.finish()
    try file.finish()
    done = "\(path): \(count), described as above in \(beside)"
  }
  writeError(source.specification.summary(name: source.name) + "\n")
  writeError(done + "\n")
}

/// - Throws: `FileExists` where there is a file that may not be replaced.
private func checkFree(_ path: String, _ options: Options) throws {
  if !options.output.overwrite, try kind(ofPath: path) != .nothing { throw FileExists(path: path) }
}

/// A file that may not be replaced.
private struct FileExists: Error, CustomStringConvertible {
  let path: String

  var description: String { "\(path): exists; type --overwrite to replace it, or choose another name" }
}
