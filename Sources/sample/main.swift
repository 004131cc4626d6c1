import DiffusionCommandLine
import DiffusionOutput
import DiffusionPlatform
import DiffusionScoring
import DiffusionTerminal
import DiffusionText
import Sampling
import TensorCore

// Arguments → a command → one function, in the file named after its verb.

Faults.watch(program: "sample", advice: "choose a smaller --batch, or free memory")

do {
  let command = try parse(Array(CommandLine.arguments.dropFirst()))
  try KernelChoice.$current.withValue(command.runsKernels ? try chosenKernels() : KernelChoice.current) {
    switch command {
    case .help(let name): try printText(helpText(name))
    case .version: try printText("sample \(programVersion)\n")
    case .man: try printText(manPage(of: .sample, version: programVersion))
    case .samplers: try printText(samplerList())
    case .completions(let shell): try printText(completions(for: shell, of: .sample))
    case .draw(let options): try draw(options)
    case .inspect(let options): try inspect(options)
    case .convert(let options, let destination): try convert(options, to: destination)
    case .reproduce(let options, let image): try reproduce(options, image: image)
    case .show(let image): try show(image: image)
    case .encode(let options, let images): try encode(options, images: images)
    case .reconstruct(let options, let images): try reconstruct(options, images: images)
    case .interpolate(let options): try interpolate(options)
    case .nll(let options, let images): try nll(options, images: images)
    case .score(let options): try score(options)
    case .run(let options, let requests): try run(options, requests: requests)
    case .bench(let options): try bench(options)
    }
  }
} catch let interrupted as Interrupted {
  exit(128 + interrupted.signal)
} catch {
  badPictures(in: error).forEach { writeError($0 + "\n") }
  writeError("sample: \(sanitizedLine("\(error)"))\n")
  exit(isUsage(error) ? 64 : 1)
}

/// Whether the command line is at fault, rather than the model, a file or the machine.
func isUsage(_ error: any Error) -> Bool {
  switch error {
  case is UsageError: true
  case SamplingError.unknownClass, SamplingError.request, SamplingError.unknownSampler: true
  case OutputError.request, OutputError.destination, ScoringError.heldOutIsReference: true
  default: false
  }
}

/// The model that the options name, or the embedded one. Also sets the number of threads.
func openModel(_ options: Options) throws(SamplingError) -> DiffusionModel {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let settings = options.request.settings
  if let path = options.request.model { return try DiffusionModel(path: path, settings: settings) }
  return try DiffusionModel(embeddedWith: settings)
}

/// Prints how a named model was interpreted, and a warning if the settings look wrong.
func introduce(_ model: DiffusionModel, _ options: Options) {
  guard model.path != nil && !options.quiet else { return }
  writeError(model.specification.summary(name: model.name) + "\n")
  for guess in model.specification.guesses {
    writeError("warning: \(escapingControls(model.name)): \(guess)\n")
  }
  if let advice = model.advice { writeError("warning: \(advice)\n") }
}

func progressStyle(_ options: Options) -> ProgressStyle {
  ProgressStyle(named: options.progress?.rawValue, quiet: options.quiet)
}

extension Command {
  /// Whether it runs or checks a network.
  fileprivate var runsKernels: Bool {
    switch self {
    case .draw, .inspect, .reproduce, .encode, .reconstruct, .interpolate, .nll, .score, .bench, .run: true
    case .help, .version, .man, .samplers, .completions, .convert, .show: false
    }
  }
}
