import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import DiffusionOutput
import DiffusionPlatform
import DiffusionTerminal
import Sampling
import TensorCore

/// Measures how long a model's forward pass takes, and prints it.
///
/// - Throws: errors from loading the model; `SettingsError`, `ImageError`.
func bench(_ options: Options) throws {
  let model = try openModel(options)
  let pass = options.bench.training ? try trainingPass(options) : samplingPass(model)
  let noise = try options.request.noise.map { try readNPY(try readFile($0), path: $0) }
  let batches = noise.map { [$0.shape.first ?? 0] } ?? options.bench.batches
  var shape = model.specification.imageShape
  // The low-resolution input follows in extra channels.
  if model.specification.task == .superResolution { shape[0] *= 2 }
  if let noise, let path = options.request.noise, Array(noise.shape.dropFirst()) != shape || noise.shape[0] == 0 {
    throw BenchError(path: path, found: noise.shape, needed: shape)
  }

  var files = CommandFiles()
  files.read("--model", options.request.model)
  files.read("--noise", options.request.noise)
  files.write("--out", options.bench.out, ifThere: options.output.overwrite ? .replace : .keep())
  try files.check()

  var report = BenchReport(
    version: programVersion, model: model.name, kernels: KernelChoice.current.name, threads: ThreadPool.shared.threads,
    batches: [])
  if !options.json { try printText(report.head) }
  for batch in batches {
    let x = noise ?? initialNoise(batch, shape)
    let measurement = measure(x, pass(x), options.bench)
    report.batches.append(measurement.figures)
    if !options.json { try printText(measurement.figures.text) }
    if batch == batches.last, let path = options.bench.out {
      try writeAtomically(npy(measurement.output.shape, .float32(measurement.output.values)), to: path)
    }
  }
  if options.json { try printText(try report.json()) }
}

private func initialNoise(_ batch: Int, _ shape: [Int]) -> Tensor {
  var noise = PhiloxNoise(seed: 0, images: 0..<batch, shape: shape)
  return noise.next()
}

/// What is timed, set up for an input; it returns the network's output.
typealias Pass = (_ x: Tensor) -> () -> Tensor

/// Forward passes at the middle timestep, cycling through the classes.
private func samplingPass(_ model: DiffusionModel) -> Pass {
  { x in
    let (batch, specification) = (x.shape[0], model.specification)
    let timesteps = [Float](repeating: Float(specification.process.steps / 2), count: batch)
    var inputs = NetworkInputs(
      conditioning: timesteps, labels: specification.classCount.map { classes in (0..<batch).map { $0 % classes } })
    let channels = specification.imageChannels
    inputs.condition = specification.emptyCondition(batch)
    if specification.task == .superResolution { inputs.lowRes = x.channels(channels..<2 * channels) }
    let pictures = x.channels(0..<channels)
    // As in sampling, where the timestep embeddings have been projected beforehand.
    let network = model.network.prepared(for: Array(timesteps.prefix(1)))
    return { [inputs] in network(pictures, inputs) }
  }
}

private func measure(
  _ x: Tensor, _ pass: () -> Tensor, _ options: BenchOptions
) -> (figures: BenchReport.Batch, output: Tensor) {
  let batch = x.shape[0]
  // Memory left by earlier batches would be counted as this one's.
  Tensor.releaseMemory()
  PeakMemory.restart()
  // The first pass allocates memory; the second finds it in place.
  var output = pass()
  output = pass()
  // In seconds, and the peak right after each, so that what slows one slows the other.
  var times: [Double] = []
  var peaks: [Double] = []
  let start = ContinuousClock.now
  while options.passes.map({ times.count < $0 }) ?? (times.count < 5 || ContinuousClock.now - start < .seconds(2)) {
    let begin = ContinuousClock.now
    output = pass()
    times.append((ContinuousClock.now - begin).seconds)
    peaks.append(2 * peakMultiplyAddsPerSecond(bursts: 3))
  }
  let memory = PeakMemory.bytes
  // What the backward pass takes is not counted.
  let isCounted = !options.training
  let passes = options.layers ? max(1, times.count / 2) : 1
  let profile = options.layers || isCounted ? profiled(pass, passes: passes) : nil
  let operations = isCounted ? profile?.operations : nil
  let time = median(times)
  return (
    BenchReport.Batch(
      batch: batch, passes: times.count, msMedian: time * 1e3, msMin: (times.min() ?? 0) * 1e3,
      msPerImage: time * 1e3 / Double(batch), gflop: operations.map { $0 / 1e9 },
      gflopPerSecond: operations.map { $0 / time / 1e9 }, peakGflopPerSecond: median(peaks) / 1e9,
      shareOfPeak: operations.map { $0 / median(zip(times, peaks).map { $0 * $1 }) },
      peakMemoryBytes: memory, layers: options.layers ? profile?.layers : nil), output
  )
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// The operations of a pass, and the layers with what is left of its time.
private func profiled(_ pass: () -> Tensor, passes: Int) -> (operations: Double, layers: [BenchReport.Layer]) {
  let profile = LayerProfile()
  var time = Duration.zero
  var peaks: [Double] = []
  for _ in 0..<passes {
    time += ContinuousClock().measure { LayerProfile.$current.withValue(profile) { _ = pass() } }
    peaks.append(2 * peakMultiplyAddsPerSecond(bursts: 3))
  }
  let (peak, entries) = (median(peaks), profile.entries)
  func layer(_ name: String, calls: Int, _ part: Duration, operations: Int) -> BenchReport.Layer {
    let rate = operations == 0 ? nil : Double(operations) / part.seconds
    return BenchReport.Layer(
      name: name, calls: calls / passes, ms: part.seconds * 1e3 / Double(passes), share: part / time,
      gflopPerSecond: rate.map { $0 / 1e9 }, shareOfPeak: rate.map { $0 / peak })
  }
  let rest = entries.reduce(time) { $0 - $1.time }
  let layers =
    entries.map { layer($0.name, calls: $0.calls, $0.time, operations: $0.operations) }
    + [layer("everything else", calls: passes, rest, operations: 0)]
  return (Double(entries.reduce(0) { $0 + $1.operations }) / Double(passes), layers)
}

/// An input of the wrong shape.
private struct BenchError: Error, CustomStringConvertible {
  let path: String
  let found: [Int]
  let needed: [Int]

  var description: String {
    "\(path): holds \(found), but the model takes [N, \(needed[0]), \(needed[1]), \(needed[2])]"
  }
}
