import DiffusionCheckpoints
import DiffusionCommandLine
import DiffusionFiles
import DiffusionModels
import DiffusionOutput
import DiffusionTerminal
import DiffusionText
import TensorCore

/// Converts a checkpoint to a safetensors file with the model's full description, to a `.pt` with the description in a
/// file beside it, so that it can be used without flags, or to a folder for diffusers.
///
/// - Throws: `ModelError`, `CheckpointError`, `FileError`. Nothing is written then, except the description if only
///   renaming the `.pt` fails.
func convert(_ options: Options, to destination: CheckpointDestination) throws {
  let source = try ModelSource(path: options.request.model ?? "", stated: options.request.settings)
  if let autoencoder = source.specification.autoencoder {
    throw ModelError.unusable(
      reason:
        """
        \(source.name): draws latents, and the \(autoencoder.kind) that decodes them would be lost; draw from the \
        folder as it is
        """)
  }
  // Incomplete models are not converted.
  var warnings = source.specification.guesses.map { "\(source.name): \($0)" }
  if source.specification.task == .classification {
    _ = try source.classifier()
  } else {
    // What is written is believed from then on.
    let network = try source.network()
    if !source.specification.isFullyDescribed && source.specification.dimensions == 2
      && source.specification.canBeChecked
    {
      let report = DenoiserCheck(network, source.specification).report(name: source.name, tryingOthers: false)
      if let advice = report.advice { warnings.append(advice) }
    }
  }
  let state = source.checkpoint.state
  let description = try source.specification.description.json()
  let type = options.half ? "float16" : "float32"
  let count = "\(state.names.count) tensors, \(grouped(state.elementCount)) parameters as \(type)"
  let done: String
  switch destination {
  case .safetensors(let path):
    try check([path], source, options)
    try writeAtomically(to: path) { write in
      try writeSafetensors(state, metadata: ["format": "pt", "config": description], half: options.half) {
        try write($0)
      }
    }
    done = "\(path): \(count), with the description above"
  case .torch(let path):
    // The first place where a description is looked for.
    let beside = path + ".json"
    try check([path, beside], source, options)
    let (file, descriptionFile) = (try AtomicFile(path: path), try AtomicFile(path: beside))
    try descriptionFile.append(Array((description + "\n").utf8))
    try writeTorchArchive(state, half: options.half, to: file)
    // The model last, so that it never appears without its description.
    try descriptionFile.finish()
    try file.finish()
    done = "\(path): \(count), with the description above in \(beside)"
  case .diffusers(let folder):
    try checkFolder(folder, options)
    let weights = "\(folder)/unet/diffusion_pytorch_model.safetensors"
    let (network, scheduler) = ("\(folder)/unet/config.json", "\(folder)/scheduler/scheduler_config.json")
    let index = "\(folder)/model_index.json"
    let files = reading(source, options)
    for path in [weights, network, scheduler, index] { try files.checkNotRead("the folder", path) }
    let export = try DiffusersExport(source)
    for part in [folder, "\(folder)/unet", "\(folder)/scheduler"] { try makeFolder(part) }
    try writeAtomically(to: weights) { write in
      try writeSafetensors(export.state, metadata: ["format": "pt"], half: options.half) { try write($0) }
    }
    try writeAtomically(Array((export.network + "\n").utf8), to: network)
    try writeAtomically(Array((export.scheduler + "\n").utf8), to: scheduler)
    // The index last: without it, nothing takes the folder for a model.
    try writeAtomically(Array((export.index + "\n").utf8), to: index)
    // The pipeline has no argument for classes.
    let reader = source.specification.classCount == nil ? "DDPMPipeline" : "UNet2DModel, with class_labels"
    done = "\(folder): \(count), for diffusers' \(reader)"
  }
  // At once: nothing can fail between the lines.
  writeError(
    "\(source.specification.summary(name: source.name))\n\(warnings.map { "warning: \($0)\n" }.joined())\(done)\n")
}

/// Checks that files can be written, and that none of them is the model.
///
/// - Throws: `OutputError.exists` if one exists and must not be replaced; `OutputError`, `FileError`.
private func check(_ paths: [String], _ source: ModelSource, _ options: Options) throws {
  var files = reading(source, options)
  for path in paths {
    try checkFree(path, options)
    files.write("the model to be written", path, ifThere: .replace)
  }
  try files.check()
}

/// What is read.
private func reading(_ source: ModelSource, _ options: Options) -> CommandFiles {
  var files = CommandFiles()
  // Of a folder, one of its files too.
  for path in [options.request.model, source.name] { files.read("the model", path) }
  return files
}

/// - Throws: `OutputError.exists` if the file exists and must not be replaced.
private func checkFree(_ path: String, _ options: Options) throws {
  if !options.output.overwrite, try kind(ofPath: path) != .nothing {
    throw OutputError.exists(option: "the model to be written", path: path, canResume: false)
  }
}

/// - Throws: as `checkFree`, also if the folder is a file, or holds weights that diffusers would read in place of those
///   to be written.
private func checkFolder(_ folder: String, _ options: Options) throws {
  try checkFree(folder, options)
  let kind = try kind(ofPath: folder)
  guard kind != .nothing else { return }
  guard kind == .folder else { throw Unsuitable(path: folder, reason: "is no folder") }
  let unet = "\(folder)/unet"
  guard try DiffusionFiles.kind(ofPath: unet) == .folder else { return }
  let weights = "diffusion_pytorch_model"
  let others = try namesInFolder(unet).filter { $0.hasPrefix(weights) && $0 != "\(weights).safetensors" }
  if let other = others.first { throw Unsuitable(path: folder, reason: "holds other weights (unet/\(other))") }
}

/// A folder that a model cannot be written to.
private struct Unsuitable: Error, CustomStringConvertible {
  let path: String
  let reason: String

  var description: String { "\(path): \(reason); choose another name" }
}
