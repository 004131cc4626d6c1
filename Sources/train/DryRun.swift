import DiffusionCommandLine
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

/// Prints what a run would take, and what its data is. Writes nothing.
///
/// - Throws: `TrainingError`, also if a run would be refused because of bad pictures; `FileError` if standard output
///   cannot be written.
func dryRun(_ options: Options) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  var looking = CountProgress(
    "looking at the pictures", style: ProgressStyle(named: options.progress?.rawValue, quiet: options.quiet))
  var request = options.training
  // All else is of interest even if some pictures are bad.
  request.skipsBad = true
  let estimate = try TrainingEstimate(request) { looking.advance(to: $0, of: $1) }
  looking.finish()
  let data = estimate.data
  let notes = data.notes(channelsAreGiven: options.training.saysChannels)
  try printText((estimate.lines + notes + estimate.remarks).map { $0 + "\n" }.joined())
  if !data.bad.isEmpty && !options.training.skipsBad {
    throw TrainingError.data(.files(path: request.data, .bad(data.bad, of: data.count + data.bad.count)))
  }
}

extension TrainingEstimate {
  /// A table of the model, its training and what they take.
  fileprivate var lines: [String] {
    let unet = specification.configuration
    func list(_ values: some Sequence<Int>) -> String { values.map(String.init).joined(separator: ",") }
    let size = request.imageSize
    let attention = unet.attentionResolutions.sorted().map { size / $0 }
    let steps = request.end
    let total = steps.map { ", \(grouped($0)) steps about \(duration(secondsPerStep * Double($0)))" } ?? ""
    let threads = ThreadPool.shared.threads
    let shape = "\(size)×\(size)×\(data.channels)"
    let levels = unet.channelMult.map(numberText).joined(separator: ",")
    let parts = settings.microbatch < settings.batchSize ? " in parts of \(settings.microbatch)" : ""
    let process = specification.process.continuous == nil ? counted(specification.process.steps, "step") : "flow"
    return [
      "data        \(counted(data.count, "picture")), as \(shape)",
      "model       \(grouped(parameterCount)) parameters: \(unet.modelChannels) channels, levels \(levels), "
        + "\(counted(unet.numResBlocks, "residual block")) each, "
        + "attention at \(attention.isEmpty ? "no level" : list(attention))",
      "process     \(process)",
      "training    batches of \(settings.batchSize)\(parts), learning rate \(settings.learningRate), "
        + "seed \(settings.seed)",
      "memory      about \(quantity(Double(memory), "B"))",
      "time        about \(duration(secondsPerStep)) a step\(total), measured on steps of few pictures "
        + "with \(counted(threads, "thread"))",
    ]
  }
}

/// A line for each picture that an error names, up to some number; none for what a line says.
func bad(in error: any Error) -> [String] {
  guard case TrainingError.data(.files(_, .bad(let files, let count))) = error, files.count > 1 || count == 1 else {
    return []
  }
  return ImageDataset.lines(of: files)
}
