import DiffusionCore
import DiffusionModels
import DiffusionPlatform
import TensorCore

/// The cost of a run, estimated from steps of small batches, and from decoding one image.
public struct DrawingEstimate: Sendable {
  /// Images in a forward pass: the batch, doubled with guidance.
  public let pictures: Int
  /// The time of one step of a batch.
  public let step: Duration
  /// Peak memory of the process in bytes.
  public let memory: Int
  /// Forward passes, summed over all images.
  public let passes: Int
  /// FLOP of a forward pass for one image: 2 · its multiply-adds.
  public let flop: Double
  /// The time in which the latents of one image are decoded; zero if the model draws pictures.
  public let decoding: Duration
  /// FLOP of decoding the latents of one image.
  public let decodingFlop: Double
  /// Images to draw.
  private let images: Int
  /// Estimated seconds of the whole run, proportional to the images, as the last batch may be smaller.
  public var seconds: Double {
    step.seconds * Double(passes) / Double(pictures) + decoding.seconds * Double(images)
  }
  /// FLOP of the whole run.
  public var totalFlop: Double { flop * Double(passes) + decodingFlop * Double(images) }

  /// Times the step, and the decoding; draws nothing.
  public init(_ plan: SamplingPlan) {
    pictures = plan.batch * (plan.guidance == 1 ? 1 : 2)
    let loaded = PeakMemory.bytes
    let small = min(pictures, Self.mostMeasured(plan))
    if small < pictures {
      // What each picture takes beyond the first few.
      let few = max(1, small / 8)
      _ = Self.calibrate(plan, pictures: few, passes: 2)
      Tensor.releaseMemory()
      PeakMemory.restart()
      _ = Self.calibrate(plan, pictures: few, passes: 2)
      let least = PeakMemory.bytes
      Tensor.releaseMemory()
      PeakMemory.restart()
      let time = Self.calibrate(plan, pictures: small)
      let each = Double(max(0, PeakMemory.bytes - least)) / Double(small - few)
      decoding = Self.decode(plan)
      step = time * (Double(pictures) / Double(small))
      memory = max(loaded, PeakMemory.bytes) + Int(each * Double(pictures - small))
    } else {
      step = Self.calibrate(plan, pictures: pictures)
      decoding = Self.decode(plan)
      memory = PeakMemory.bytes
    }
    images = plan.indices.count
    passes = images * plan.modelEvaluations
    let size = Array(plan.imageShape.dropFirst())
    flop = 2 * Double(plan.model.network.countFlops(batch: 1, size: size).total)
    decodingFlop = 2 * Double(plan.model.autoencoder?.countFlops(size: size).total ?? 0)
  }

  /// The most pictures that are measured at once: their activations take about 128 MB, but there are at least two.
  private static func mostMeasured(_ plan: SamplingPlan) -> Int {
    let bytes = plan.model.network.activationBytes(size: Array(plan.imageShape.dropFirst()))
    return min(max(2, (128 << 20) / max(1, bytes)), 128)
  }

  /// The time of a step.
  ///
  /// - Parameter passes: the most that are timed.
  private static func calibrate(_ plan: SamplingPlan, pictures: Int, passes: Int = 8) -> Duration {
    let specification = plan.model.specification
    var noise = PhiloxNoise(seed: 0, images: 0..<pictures, shape: plan.imageShape)
    let x = noise.next()
    let timesteps = [Float](repeating: plan.process.level(plan.process.count - 1).conditioning, count: pictures)
    let inputs = NetworkInputs(
      conditioning: timesteps, labels: specification.classCount.map { _ in [Int?](repeating: 0, count: pictures) },
      lowRes: specification.task == .superResolution ? x : nil, condition: specification.emptyCondition(pictures))
    let images = min(pictures, plan.batch)
    let network = plan.model.network.prepared(for: Array(timesteps.prefix(1)))
    // The first pass also allocates memory, so it is dropped unless it is the only one.
    var times: [Duration] = []
    repeat {
      times.append(
        ContinuousClock().measure {
          _ = network(x, inputs)
          _ = plan.classifier?.gradient(
            x.rows(0..<images), Array(timesteps.prefix(images)), [Int](repeating: 0, count: images))
        })
    } while times.count < passes && times.reduce(.zero, +) < .seconds(1)
    let steady = times.count > 1 ? times.dropFirst().sorted() : times
    return steady[steady.count / 2]
  }

  /// The time of decoding one image: the first one's, which allocates memory too. A run decodes one after another.
  private static func decode(_ plan: SamplingPlan) -> Duration {
    guard let autoencoder = plan.model.autoencoder else { return .zero }
    return ContinuousClock().measure { _ = autoencoder.decode(Tensor(zeros: [1] + plan.imageShape)) }
  }
}
