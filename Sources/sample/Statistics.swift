import DiffusionBytes
import DiffusionFiles
import DiffusionPlatform
import DiffusionTerminal
import TensorCore

/// Figures about a run, for `--stats`.
struct Statistics: Encodable {
  let version: String
  let kernels: String
  let threads: Int
  let seed: UInt64
  let images: Int
  let batch: Int
  let steps: Int
  let loadSeconds: Double
  let drawSeconds: Double
  let secondsPerStep: Double
  let imagesPerSecond: Double
  /// 2 · the multiply-adds of all forward passes, by the time of drawing.
  let gflopPerSecond: Double
  let peakMemoryBytes: Int

  init(_ plan: Plan, drawn: Int, load: Duration, draw: Duration) {
    version = programVersion
    kernels = KernelChoice.current.name
    threads = ThreadPool.shared.threads
    seed = plan.seed
    images = drawn
    batch = plan.batch
    steps = plan.path.steps.count
    loadSeconds = load.seconds
    drawSeconds = draw.seconds
    secondsPerStep = draw.seconds / Double(max(1, steps * ((drawn + plan.batch - 1) / plan.batch)))
    imagesPerSecond = Double(drawn) / draw.seconds
    let flops = plan.model.unet.countFlops(batch: plan.passes, size: Array(plan.imageShape.dropFirst()))
    gflopPerSecond = 2 * Double(flops.total) * Double(drawn) / draw.seconds / 1e9
    peakMemoryBytes = PeakMemory.bytes
  }

  /// Writes the figures as JSON to `path`, or to standard output for `-`.
  ///
  /// - Throws: `FileError`.
  func write(to path: String) throws {
    let bytes = Array((try encodeJSON(self, pretty: true, snakeCase: true) + "\n").utf8)
    if path == "-" { try writeToStandardOutput(bytes) } else { try writeAtomically(bytes, to: path) }
  }
}
