import DiffusionCheckpoints
import DiffusionCore
import DiffusionModels
import DiffusionPlatform
import DiffusionText
import TensorCore

/// What a run would take, measured on a step of one picture and one of two, and extrapolated.
public struct TrainingEstimate: Sendable {
  /// The request, with what the data has decided.
  public let request: TrainingRequest
  /// The model and its process.
  public let specification: TrainingSpecification
  /// The settings of the loop.
  public let settings: TrainingSettings
  /// The training data.
  public let data: ImageDataset
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
    self.request = specification.request
    parameterCount = whole.variables.reduce(0) { $0 + $1.value.count }
    PeakMemory.restart()
    var measured: [(seconds: Double, memory: Int)] = []
    // The first step also pages memory in, and packs constants.
    for pictures in [1, 1, 2] {
      var settings = whole.settings
      (settings.batchSize, settings.microbatch) = (pictures, pictures)
      var loop = TrainLoop(
        settings, loss: whole.loss, variables: whole.variables, data: whole.data,
        sampler: request.scheduleSampler.make(seed: request.seed, steps: specification.process.steps))
      let start = ContinuousClock.now
      _ = try loop.runStep()
      measured.append(((ContinuousClock.now - start).seconds, PeakMemory.bytes))
    }
    let (one, two) = (measured[1], measured[2])
    // Noise can make the difference small: one more picture takes at least half of what each of two takes.
    let perPicture = max(two.seconds - one.seconds, two.seconds / 4)
    secondsPerStep = one.seconds + perPicture * Double(whole.settings.batchSize - 1)
    memory = one.memory + max(0, two.memory - one.memory) * (whole.settings.microbatch - 1)
  }
}
