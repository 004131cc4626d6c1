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

  let peak = 2 * peakMultiplyAddsPerSecond() / 1e9
  var report = BenchReport(
    version: programVersion, model: model.name, kernels: KernelChoice.current.name, threads: ThreadPool.shared.threads,
    peakGflopPerSecond: peak, batches: [])
  if !options.json { try printText(report.head) }
  for batch in batches {
    let x = noise ?? initialNoise(batch, shape)
    let measurement = measure(model, x, pass(x), options.bench, peak: peak)
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
  _ model: DiffusionModel, _ x: Tensor, _ pass: () -> Tensor, _ options: BenchOptions, peak: Double
) -> (figures: BenchReport.Batch, output: Tensor) {
  let batch = x.shape[0]
  // Memory left by earlier batches would be counted as this one's.
  Tensor.releaseMemory()
  PeakMemory.restart()
  // The first pass allocates memory; the second finds it in place.
  var output = pass()
  output = pass()
  var times: [Duration] = []
  let start = ContinuousClock.now
  while options.passes.map({ times.count < $0 }) ?? (times.count < 5 || ContinuousClock.now - start < .seconds(2)) {
    let begin = ContinuousClock.now
    output = pass()
    times.append(ContinuousClock.now - begin)
  }
  let memory = PeakMemory.bytes
  var layers: [BenchReport.Layer]?
  if options.layers { layers = layerTimes(times[times.count / 2], pass, passes: max(1, times.count / 2)) }
  times.sort()
  let flops = 2 * model.network.countFlops(batch: batch, size: Array(x.shape.dropFirst(2))).total
  let median = times[times.count / 2].seconds
  return (
    BenchReport.Batch(
      batch: batch, passes: times.count, msMedian: median * 1e3, msMin: times[0].seconds * 1e3,
      msPerImage: median * 1e3 / Double(batch), gflop: Double(flops) / 1e9,
      gflopPerSecond: Double(flops) / median / 1e9, timesPeak: Double(flops) / median / 1e9 / peak,
      peakMemoryBytes: memory, layers: layers), output
  )
}

private func layerTimes(_ usual: Duration, _ pass: () -> Tensor, passes: Int) -> [BenchReport.Layer] {
  let times = LayerProfile()
  let time = ContinuousClock().measure {
    LayerProfile.$current.withValue(times) {
      for _ in 0..<passes { _ = pass() }
    }
  }
  let entries = times.entries
  func layer(_ name: String, calls: Int, _ part: Duration, multiplyAdds: Int) -> BenchReport.Layer {
    BenchReport.Layer(
      name: name, calls: calls / passes, ms: part.seconds * 1e3 / Double(passes), share: part / time,
      gflopPerSecond: multiplyAdds == 0 ? nil : 2 * Double(multiplyAdds) / part.seconds / 1e9)
  }
  let rest = entries.reduce(time) { $0 - $1.time }
  return entries.map { layer($0.name, calls: $0.calls, $0.time, multiplyAdds: $0.multiplyAdds) }
    + [layer("everything else", calls: passes, rest, multiplyAdds: 0)]
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
