import DiffusionBytes
import DiffusionFiles
import DiffusionPlatform
import Sampling
import TensorCore

/// Statistics of a run, for `--stats`.
public struct Statistics: Sendable, Codable {
  let version: String
  let kernels: String
  let threads: Int
  let seed: UInt64
  /// Which part of a run, as `1/2`; nil for all of it.
  let part: String?
  let images: Int
  let batch: Int
  let steps: Int
  let loadSeconds: Double
  let drawSeconds: Double
  let secondsPerStep: Double
  let imagesPerSecond: Double
  /// 2 · the multiply-adds of all forward passes, and of decoding, divided by the drawing time.
  let gflopPerSecond: Double
  let peakMemoryBytes: Int

  /// The statistics of a run that drew `drawn` images.
  public init(_ plan: SamplingPlan, drawn: Int, load: Duration, draw: Duration) {
    version = programVersion
    kernels = KernelChoice.current.name
    threads = ThreadPool.shared.threads
    seed = plan.seed
    part = Self.part(of: plan)
    images = drawn
    batch = plan.batch
    steps = plan.schedule.steps.count
    loadSeconds = load.seconds
    drawSeconds = draw.seconds
    secondsPerStep = draw.seconds / Double(max(1, steps * ((drawn + plan.batch - 1) / plan.batch)))
    imagesPerSecond = Double(drawn) / draw.seconds
    let size = Array(plan.imageShape.dropFirst())
    let passes = plan.model.network.countFlops(batch: plan.modelEvaluations, size: size).total
    let multiplyAdds = passes + (plan.model.autoencoder?.countFlops(size: size).total ?? 0)
    gflopPerSecond = 2 * Double(multiplyAdds) * Double(drawn) / draw.seconds / 1e9
    peakMemoryBytes = PeakMemory.bytes
  }

  private static func part(of plan: SamplingPlan) -> String? {
    plan.request.shard.flatMap { $0.count > 1 ? "\($0.number)/\($0.count)" : nil }
  }

  /// Whether a file has the statistics of the same part of a run.
  static func areThere(_ path: String, of plan: SamplingPlan) -> Bool {
    guard let size = fileSize(path), size < 1 << 16, let bytes = try? readFile(path),
      let found = try? decodeJSON(Statistics.self, from: bytes, snakeCase: true)
    else { return false }
    return found.part == part(of: plan)
  }

  /// The statistics as JSON.
  public func json() throws -> String { try encodeJSON(self, pretty: true, snakeCase: true) + "\n" }
}
