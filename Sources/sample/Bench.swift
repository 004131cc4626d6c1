import DiffusionBytes
import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import DiffusionPlatform
import DiffusionTerminal
import DiffusionText
import TensorCore

/// Measures how long a model's forward pass takes, and prints it.
///
/// - Throws: what loading a model throws; `SettingsError`, `ImageError`.
func bench(_ options: Options) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let model = try Model(options)
  let pass = options.bench.training ? try trainingPass(options) : samplingPass(model)
  let noise = try options.noise.map { try readNPY(try readFile($0), path: $0) }
  let batches = noise.map { [$0.shape.first ?? 0] } ?? options.bench.batches
  let shape = [model.settings.unet.inChannels, model.settings.imageSize, model.settings.imageSize]
  if let noise, let path = options.noise, Array(noise.shape.dropFirst()) != shape || noise.shape[0] == 0 {
    throw SettingsError("\(path): holds \(noise.shape), but the model takes [N, \(shape[0]), \(shape[1]), \(shape[2])]")
  }

  let peak = 2 * peakMultiplyAddsPerSecond() / 1e9
  var report = BenchReport(
    version: programVersion, model: model.name, kernels: KernelChoice.current.name, threads: ThreadPool.shared.threads,
    peakGflopPerSecond: peak, batches: [])
  if !options.json { try writeOutput(report.head) }
  for batch in batches {
    let x = noise ?? initialNoise(batch, shape)
    let measurement = measure(model, x, pass(x), options.bench, peak: peak)
    report.batches.append(measurement.figures)
    if !options.json { try writeOutput(measurement.figures.text) }
    if batch == batches.last, let path = options.bench.out {
      try writeAtomically(npy(measurement.output.shape, .float32(measurement.output.values)), to: path)
    }
  }
  if options.json { try writeOutput(try report.json()) }
}

private func initialNoise(_ batch: Int, _ shape: [Int]) -> Tensor {
  var noise = PhiloxNoise(seed: 0, images: 0..<batch, shape: shape)
  return noise.next()
}

/// What is timed, for given pictures: it returns what the network puts out.
typealias Pass = (_ x: Tensor) -> () -> Tensor

/// Forward passes at the middle timestep, of classes in turn.
private func samplingPass(_ model: Model) -> Pass {
  { x in
    let batch = x.shape[0]
    let timesteps = [Float](repeating: Float(model.settings.diffusionSteps / 2), count: batch)
    let labels = model.settings.unet.numClasses.map { classes in (0..<batch).map { $0 % classes } }
    // As in a step of a sampler, which has projected the embeddings of its timesteps before.
    var unet = SteppedUNet(model.unet, steps: Array(timesteps.prefix(1)))
    return { unet(x, timesteps: timesteps, labels: labels) }
  }
}

private func measure(
  _ model: Model, _ x: Tensor, _ pass: () -> Tensor, _ options: BenchOptions, peak: Double
) -> (figures: BenchReport.Batch, output: Tensor) {
  let batch = x.shape[0]
  // What earlier batches left would be counted as this one's.
  Tensor.releaseMemory()
  PeakMemory.restart()
  // The first pass takes memory from the system; the second finds it in place.
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
  let flops = 2 * model.unet.countFlops(batch: batch, size: Array(x.shape.dropFirst(2))).total
  let median = times[times.count / 2].seconds
  return (
    BenchReport.Batch(
      batch: batch, passes: times.count, msMedian: median * 1e3, msMin: times[0].seconds * 1e3,
      msPerImage: median * 1e3 / Double(batch), gflop: Double(flops) / 1e9,
      gflopPerSecond: Double(flops) / median / 1e9, shareOfPeak: Double(flops) / median / 1e9 / peak,
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

/// What `sample bench` found.
struct BenchReport: Encodable {
  let version: String
  let model: String
  let kernels: String
  let threads: Int
  /// The most that the threads can do in registers alone, measured in the same run.
  let peakGflopPerSecond: Double
  var batches: [Batch]

  struct Batch: Encodable {
    let batch: Int
    let passes: Int
    let msMedian: Double
    let msMin: Double
    let msPerImage: Double
    /// Of one pass: 2 · the multiply-adds of the plain algorithm, as everybody counts them.
    let gflop: Double
    let gflopPerSecond: Double
    /// Above 1 where Winograd's algorithm spares multiplications.
    let shareOfPeak: Double
    let peakMemoryBytes: Int
    let layers: [Layer]?
  }

  struct Layer: Encodable {
    let name: String
    let calls: Int
    let ms: Double
    let share: Double
    let gflopPerSecond: Double?
  }

  var head: String {
    """
    \(model): \(kernels) kernels, \(threads) \(threads == 1 ? "thread" : "threads"), whose multiply-adds peak at \
    \(decimal(peakGflopPerSecond, 0)) GFLOP/s

    batch   ms/pass  ms/image   GFLOP/s  of peak  memory

    """
  }

  func json() throws -> String {
    try encodeJSON(self, pretty: true, snakeCase: true) + "\n"
  }
}

extension BenchReport.Batch {
  /// A row of the table, and below it the layers, if they were measured.
  var text: String {
    let row =
      right("\(batch)", 5) + right(decimal(msMedian, 2), 10) + right(decimal(msPerImage, 2), 10)
      + right(decimal(gflopPerSecond, 0), 10) + right("\(decimal(shareOfPeak * 100, 0)) %", 9)
      + "  \(decimal(Double(peakMemoryBytes) / 1e6, 0)) MB\n"
    guard let layers else { return row }
    let head = "\n       ms  share  calls  GFLOP/s  layer\n"
    return row + head
      + layers.map { layer in
        right(decimal(layer.ms, 3), 9) + right("\(decimal(layer.share * 100, 1)) %", 8) + right("\(layer.calls)", 6)
          + right(layer.gflopPerSecond.map { decimal($0, 0) } ?? "", 9) + "  \(layer.name)\n"
      }.joined() + "\n"
  }
}

/// Writes a table or JSON to standard output.
private func writeOutput(_ text: String) throws { try writeToStandardOutput(Array(text.utf8)) }
