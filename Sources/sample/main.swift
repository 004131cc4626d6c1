import CommandLineInterface
import Diffusion
import Images
import KernelTable
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Options → model → diffusion → for x in sampler → picture → file.

/// The version that `--version` prints and images carry.
let version = "0.1.0"

// A reader that has gone is an error like any other, not a silent death.
signal(SIGPIPE, SIG_IGN)

do {
  switch try parse(Array(CommandLine.arguments.dropFirst())) {
  case .help(let command): try writeToStandardOutput(Array(helpText(command).utf8))
  case .version: try writeToStandardOutput(Array("sample \(version)\n".utf8))
  case .draw(let options): try KernelChoice.$current.withValue(try chosenKernels()) { try draw(options) }
  case .inspect(let options): try KernelChoice.$current.withValue(try chosenKernels()) { try inspect(options) }
  case .convert(let options, let path): try convert(options, to: path)
  case .bench(let options): try KernelChoice.$current.withValue(try chosenKernels()) { try bench(options) }
  }
} catch let error as UsageError {
  writeError("sample: \(error)\n")
  exit(64)
} catch {
  writeError("sample: \(error)\n")
  exit(1)
}

/// Draws what the options ask for.
func draw(_ options: Options) throws {
  let start = ContinuousClock.now
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let model = try Model(options)
  let plan = try Plan(options, model)
  if options.model != nil && !options.quiet { introduce(model) }
  var destination = try Destination(plan)
  if options.dryRun { return try dryRun(plan, destination) }
  let loaded = ContinuousClock.now

  var progress = ProgressBar(style: progressStyle(options), total: plan.batches.count * plan.diffusion.count)
  var drawing = Drawing(plan)
  var stepsDone = 0
  for (i, images) in plan.batches.enumerated() {
    let detail = plan.batches.count > 1 ? ", batch \(i + 1)/\(plan.batches.count)" : ""
    let batch = drawing.draw(images) { _ in
      stepsDone += 1
      progress.update(done: stepsDone, detail: detail)
    }
    try destination.add(batch)
  }
  progress.finish()
  let drawn = ContinuousClock.now
  try destination.finish()

  if let path = options.stats {
    try Statistics(plan, load: loaded - start, draw: drawn - loaded).write(to: path)
  }
  if !options.quiet {
    let images = options.count == 1 ? "" : "\(options.count) images, "
    writeError(
      "\(destination.name): \(images)seed \(plan.seed), \(plan.diffusion.count) \(plan.isDDIM ? "DDIM" : "DDPM") steps, \(decimal((ContinuousClock.now - start).seconds, 2)) s\n"
    )
  }
}

/// Says what the model is taken for, and if it looks as if it were something else.
func introduce(_ model: Model) {
  writeError(model.settings.provenance(name: model.name) + "\n")
  let isAllSaid = model.settings.facts.allSatisfy { fact in
    if case .file = fact.source { true } else { fact.source == .tensors }
  }
  if !isAllSaid,
    let advice = DenoiserCheck(model.unet, model.settings).report(name: model.name, tryingOthers: false).advice
  {
    writeError("warning: \(advice)\n")
  }
}

/// The kernels for this CPU, unless the environment forces others.
func chosenKernels() throws -> KernelTable {
  guard let name = getenv("SAMPLE_KERNELS").map({ String(cString: $0) }), !name.isEmpty else {
    return KernelChoice.current
  }
  guard let table = KernelChoice.table(named: name) else {
    let names = KernelChoice.available.map(\.name).joined(separator: ", ")
    throw SettingsError("SAMPLE_KERNELS=\(name): this CPU runs \(names); set one of them, or unset it")
  }
  return table
}

func progressStyle(_ options: Options) -> ProgressBar.Style {
  if options.quiet { return .none }
  switch options.progress ?? .auto {
  case .auto: return isatty(STDERR_FILENO) == 1 ? .bar : .none
  case .bar: return .bar
  case .plain: return .plain
  case .none: return .none
  }
}
