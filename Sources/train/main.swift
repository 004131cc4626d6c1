import DiffusionCommandLine
import DiffusionPlatform
import DiffusionScoring
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

// Arguments → a command → one function.

Faults.watch(program: "train", advice: "choose a smaller --microbatch, or free memory")

do {
  let words = Array(CommandLine.arguments.dropFirst())
  switch try parseTraining(words) {
  case .help: try printText(helpText(.train))
  case .version: try printText("train \(programVersion)\n")
  case .man: try printText(manPage(of: .train, version: programVersion))
  case .completions(let shell): try printText(completions(for: shell, of: .train))
  case .train(let options, let folder):
    try KernelChoice.$current.withValue(try chosenKernels()) { try train(options, in: folder) }
  case .dryRun(let options):
    try KernelChoice.$current.withValue(try chosenKernels()) { try dryRun(options) }
  case .resume(let folder):
    try KernelChoice.$current.withValue(try chosenKernels()) { try resume(folder, words) }
  }
} catch let interrupted as Interrupted {
  exit(128 + interrupted.signal)
} catch {
  badPictures(in: error).forEach { writeError($0 + "\n") }
  writeError("train: \(sanitizedLine("\(error)"))\n")
  exit(isUsage(error) ? 64 : 1)
}

/// Whether the command line is at fault, rather than data, a file or the machine.
func isUsage(_ error: any Error) -> Bool {
  switch error {
  case is UsageError, TrainingError.request, TrainingError.notAFolder: true
  default: false
  }
}
