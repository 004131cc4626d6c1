import DiffusionCommandLine
import DiffusionPlatform
import DiffusionTerminal
import DiffusionText
import TensorCore

// Options → data and model → for each step: loss, gradients, AdamW → checkpoints, logs, samples.

Faults.watch(program: "train", advice: "choose a smaller --microbatch, or free memory")

do {
  switch try parseTraining(Array(CommandLine.arguments.dropFirst())) {
  case .help: try writeToStandardOutput(Array(helpText(.train).utf8))
  case .version: try writeToStandardOutput(Array("train \(programVersion)\n".utf8))
  case .man: try writeToStandardOutput(Array(manPage(of: .train, version: programVersion).utf8))
  case .completions(let shell): try writeToStandardOutput(Array(completions(for: shell, of: .train).utf8))
  case .train: try KernelChoice.$current.withValue(try chosenKernels()) { try train(CommandLine.arguments.dropFirst()) }
  }
} catch let interrupted as Interrupted {
  exit(128 + interrupted.signal)
} catch let error as UsageError {
  writeError("train: \(sanitizedLine("\(error)"))\n")
  exit(64)
} catch {
  writeError("train: \(sanitizedLine("\(error)"))\n")
  exit(1)
}
