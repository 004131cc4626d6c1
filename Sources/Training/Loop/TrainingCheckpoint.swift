import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import TensorCore

/// Writes and reads a run's state after a step, in the files that `RunFolder` names.
public enum TrainingCheckpoint {
  /// The prefix of the schedule sampler's tensor names.
  static let samplerPrefix = "schedule_sampler."
  /// What the optimizer's file says if it has taken other steps than the run.
  static let optimizerStepKey = "optimizer_step"

  /// The kinds of files of a run that keeps averages at `rates`, in the order in which they are written.
  public static func kinds(rates: [Double]) -> [String] {
    [RunFolder.model] + rates.map(RunFolder.average) + [RunFolder.optimizer]
  }

  /// Writes the state of `loop`; the files appear whole, one right after the other.
  ///
  /// - Parameters:
  ///   - loop: the run.
  ///   - folder: the run's folder.
  ///   - description: the description of the model that its files contain.
  /// - Throws: `TrainingError.file`.
  public static func write(
    _ loop: TrainLoop, to folder: String, description: ModelDescription
  ) throws(TrainingError) {
    try inTrainingTerms { try writeFiles(loop, folder, try description.json()) }
  }

  private static func writeFiles(_ loop: TrainLoop, _ folder: String, _ description: String) throws {
    // None gets its name before all are written: what fails in writing them, or is killed, leaves nothing that looks
    // like a checkpoint from which somebody has removed a file.
    var files: [AtomicFile] = []
    func write(_ kind: String, _ tensors: [(name: String, tensor: Tensor)], _ metadata: [String: String]) throws {
      let file = try AtomicFile(path: "\(folder)/\(RunFolder.file(kind, step: loop.step))")
      files.append(file)
      try writeSafetensors(tensors, metadata: metadata) { try file.append($0) }
    }
    let names = loop.variables.map(\.name)
    let step = ["format": "pt", "step": "\(loop.step)"]
    let metadata = step.merging(["config": description]) { $1 }
    try write(RunFolder.model, loop.variables.map { ($0.name, $0.value) }, metadata)
    for average in loop.averages {
      var metadata = metadata
      if average.rate.warmsUp { metadata[RunFolder.warmUpKey] = "True" }
      if average.steps != loop.step { metadata[RunFolder.stepsKey] = "\(average.steps)" }
      try write(RunFolder.average(rate: average.rate.rate), zip(names, average.values).map { ($0, $1) }, metadata)
    }
    var state: [(name: String, tensor: Tensor)] = []
    for (i, name) in names.enumerated() {
      state.append(("exp_avg.\(name)", loop.optimizer.firstMoments[i]))
      state.append(("exp_avg_sq.\(name)", loop.optimizer.secondMoments[i]))
    }
    state += loop.sampler.state.map { (samplerPrefix + $0.name, $0.tensor) }
    let taken = loop.optimizer.step
    try write(
      RunFolder.optimizer, state,
      taken == loop.step ? step : step.merging([optimizerStepKey: "\(taken)"]) { $1 })
    for file in files { try file.synchronize() }
    for file in files { try file.finish() }
  }

  /// Restores `loop`, which must be at its start, to the state after `step` in `folder`.
  ///
  /// - Throws: `TrainingError.checkpoint`, `.state`; the loop is then unusable.
  public static func restore(_ loop: inout TrainLoop, from folder: String, step: Int) throws(TrainingError) {
    func path(_ kind: String) -> String { "\(folder)/\(RunFolder.file(kind, step: step))" }
    let variables = loop.variables
    try inTrainingTerms {
      let model = try StateDict.read(path: path(RunFolder.model))
      for variable in variables { variable.set(try model.tensor(variable.name, shape: variable.shape)) }
      for i in loop.averages.indices {
        try loop.averages[i].restore(path(RunFolder.average(rate: loop.averages[i].rate.rate)), variables, step: step)
      }
    }
    try restoreOptimizer(&loop, path(RunFolder.optimizer), step: step)
    loop.step = step
  }

  /// Restores the optimizer's moments and the schedule sampler's history from a file that `write` wrote.
  ///
  /// - Parameter isOtherRun: whether it is another run's, whose schedule sampler may have been another.
  static func restoreOptimizer(
    _ loop: inout TrainLoop, _ path: String, step: Int, ofOtherRun isOtherRun: Bool = false
  ) throws(TrainingError) {
    let variables = loop.variables
    do {
      let file = try StateDict.read(path: path)
      loop.optimizer.firstMoments = try variables.map { try file.tensor("exp_avg.\($0.name)", shape: $0.shape) }
      loop.optimizer.secondMoments = try variables.map { try file.tensor("exp_avg_sq.\($0.name)", shape: $0.shape) }
      loop.optimizer.step = RunFolder.steps(optimizerStepKey, in: file.metadata, after: step)
      let names = Set(file.names)
      if isOtherRun, !loop.sampler.state.allSatisfy({ names.contains(samplerPrefix + $0.name) }) { return }
      // The state of a new sampler tells which tensors must exist.
      let state = try loop.sampler.state.map { part in
        (part.name, try file.tensor(samplerPrefix + part.name, shape: part.tensor.shape))
      }
      try loop.sampler.restore(state)
    } catch let error as CheckpointError { throw .checkpoint(error) } catch let error as ScheduleSamplerError {
      throw .state(file: path, error)
    } catch { preconditionFailure("\(error) is not thrown here") }
  }

  /// Removes all checkpoints but the newest `count` complete ones. A step is a checkpoint if it has an optimizer's
  /// state, which nothing else writes; that goes last, so that what a kill leaves is found again.
  ///
  /// - Throws: `TrainingError.file`.
  static func keepNewest(_ count: Int, in folder: String, rates: [Double]) throws(TrainingError) {
    let wanted = kinds(rates: rates)
    try inTrainingTerms {
      let files = try RunFiles(in: folder)
      let complete = files.kinds.filter { $0.value.isSuperset(of: wanted) }.keys.sorted()
      guard let oldest = complete.suffix(count).first else { return }
      for (step, kinds) in files.kinds where step < oldest && kinds.contains(RunFolder.optimizer) {
        for kind in wanted where kinds.contains(kind) {
          try removeFile("\(folder)/\(RunFolder.file(kind, step: step))")
        }
      }
    }
  }
}

extension EMA {
  /// Reads the average of `variables` after `step` from a file that `TrainingCheckpoint` or the original wrote.
  mutating func restore(_ path: String, _ variables: [Variable], step: Int) throws(CheckpointError) {
    let file = try StateDict.read(path: path)
    var values: [Tensor] = []
    for variable in variables { values.append(try file.tensor(variable.name, shape: variable.shape)) }
    self.values = values
    steps = RunFolder.steps(RunFolder.stepsKey, in: file.metadata, after: step)
  }
}
