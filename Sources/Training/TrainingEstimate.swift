import DiffusionCheckpoints
import DiffusionCore
import DiffusionModels
import DiffusionPlatform
import DiffusionText
import TensorCore

/// What a run would take, measured on steps of few pictures, and extrapolated.
public struct TrainingEstimate: Sendable {
  /// The request, with what the data has decided.
  public let request: TrainingRequest
  /// The model and its process.
  public let specification: TrainingSpecification
  /// The settings of the loop.
  public let settings: TrainingSettings
  /// The training data.
  public let data: ImageDataset
  /// What should be said before the first step, a line each, as of a run (`TrainingRun.remarks`).
  public let remarks: [String]
  /// The number of trained parameters.
  public let parameterCount: Int
  /// The largest memory of the process, in bytes.
  public let memory: Int
  /// The time of a step.
  public let secondsPerStep: Double

  /// Measures. Nothing is written.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - looking: called now and then while the data's files are looked at, with the number done and that of all.
  /// - Throws: `TrainingError`.
  public init(
    _ request: TrainingRequest, looking: (_ done: Int, _ count: Int) -> Void = { _, _ in }
  ) throws(TrainingError) {
    let beginning = try RunBeginning(request, looking: looking)
    let (specification, whole) = (beginning.specification, beginning.loop)
    (self.specification, settings, data) = (specification, whole.settings, whole.data)
    (self.request, remarks) = (specification.request, beginning.remarks)
    parameterCount = whole.variables.reduce(0) { $0 + $1.value.count }
    let steps = specification.process.steps
    // The first step also pages memory in, and packs constants.
    let first = try Self.measure(1, whole, request, steps: steps)
    let small = Self.measured(of: whole.settings, secondsPerPicture: first.seconds)
    let few = max(1, small / 4)
    // What each picture takes beyond the first few.
    let least = try Self.measure(few, whole, request, steps: steps)
    let most = small > few ? try Self.measure(small, whole, request, steps: steps) : least
    func perPicture(_ least: Double, _ most: Double) -> Double {
      small > few ? max(0, most - least) / Double(small - few) : most
    }
    // Noise can make the difference small: one more picture takes at least half of what each of them takes.
    let seconds = max(perPicture(least.seconds, most.seconds), most.seconds / Double(2 * small))
    secondsPerStep = most.seconds + seconds * Double(whole.settings.batchSize - small)
    let bytes = small > few ? perPicture(Double(least.memory), Double(most.memory)) : 0
    memory = most.memory + Int(bytes) * (whole.settings.microbatch - small)
  }

  /// How many pictures the larger of the measured steps has: enough that their memory shows beside that of the rest,
  /// as far as they take a few seconds.
  private static func measured(of settings: TrainingSettings, secondsPerPicture: Double) -> Int {
    min(settings.microbatch, max(2, min(64, Int(4 / max(secondsPerPicture, 1e-3)))))
  }

  /// The time of a step of `pictures`, and the largest memory of the process meanwhile, in bytes.
  private static func measure(
    _ pictures: Int, _ whole: TrainLoop, _ request: TrainingRequest, steps: Int
  ) throws(TrainingError) -> (seconds: Double, memory: Int) {
    var settings = whole.settings
    (settings.batchSize, settings.microbatch) = (pictures, pictures)
    // What steps of other sizes have left would hide what this one takes.
    Tensor.releaseMemory()
    PeakMemory.restart()
    var loop = TrainLoop(
      settings, loss: whole.loss, variables: whole.variables, data: whole.data,
      sampler: request.scheduleSampler.make(seed: request.seed, steps: steps))
    func step() throws(TrainingError) -> Double {
      let start = ContinuousClock.now
      _ = try loop.runStep()
      return (ContinuousClock.now - start).seconds
    }
    // The first also pages memory in, which a long one hardly notices.
    var seconds = try step()
    if seconds < 1 { seconds = try step() }
    return (seconds, PeakMemory.bytes)
  }
}
