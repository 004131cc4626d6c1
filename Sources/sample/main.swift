import DiffusionCommandLine
import DiffusionPlatform
import DiffusionTerminal
import DiffusionText
import TensorCore

// Options → model → diffusion → for x in sampler → picture → file.

Faults.watch(program: "sample", advice: "choose a smaller --batch, or free memory")

do {
  switch try parse(Array(CommandLine.arguments.dropFirst())) {
  case .help(let command): try writeToStandardOutput(Array(helpText(command).utf8))
  case .version: try writeToStandardOutput(Array("sample \(programVersion)\n".utf8))
  case .man: try writeToStandardOutput(Array(manPage(of: .sample, version: programVersion).utf8))
  case .samplers: try writeToStandardOutput(Array(SamplerName.list.utf8))
  case .completions(let shell): try writeToStandardOutput(Array(completions(for: shell, of: .sample).utf8))
  case .draw(let options): try KernelChoice.$current.withValue(try chosenKernels()) { try draw(options) }
  case .inspect(let options): try KernelChoice.$current.withValue(try chosenKernels()) { try inspect(options) }
  case .convert(let options, let destination): try convert(options, to: destination)
  case .reproduce(let options, let image):
    try KernelChoice.$current.withValue(try chosenKernels()) { try reproduce(options, image: image) }
  case .show(let image): try show(image: image)
  case .encode(let options, let images):
    try KernelChoice.$current.withValue(try chosenKernels()) { try encode(options, images: images) }
  case .reconstruct(let options, let images):
    try KernelChoice.$current.withValue(try chosenKernels()) { try reconstruct(options, images: images) }
  case .interpolate(let options, let ends):
    try KernelChoice.$current.withValue(try chosenKernels()) { try interpolate(options, ends) }
  case .nll(let options, let images):
    try KernelChoice.$current.withValue(try chosenKernels()) { try nll(options, images: images) }
  case .bench(let options): try KernelChoice.$current.withValue(try chosenKernels()) { try bench(options) }
  }
} catch let interrupted as Interrupted {
  exit(128 + interrupted.signal)
} catch let error as UsageError {
  writeError("sample: \(sanitizedLine("\(error)"))\n")
  exit(64)
} catch {
  writeError("sample: \(sanitizedLine("\(error)"))\n")
  exit(1)
}
