import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import TensorCore

/// Writes and reads a run's state after a step, in the files that `RunFolder` names.
public enum TrainingCheckpoint {
  /// The prefix of the schedule sampler's tensor names.
  private static let samplerPrefix = "schedule_sampler."

  /// Writes the state of `loop`; each file is written completely or not at all.
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
    func write(_ kind: String, _ tensors: [(name: String, tensor: Tensor)], _ metadata: [String: String]) throws {
      try writeAtomically(to: "\(folder)/\(RunFolder.file(kind, step: loop.step))") { write in
        try writeSafetensors(tensors, metadata: metadata) { try write($0) }
      }
    }
    let names = loop.variables.map(\.name)
    let step = ["format": "pt", "step": "\(loop.step)"]
    let metadata = step.merging(["config": description]) { $1 }
    try write(RunFolder.model, loop.variables.map { ($0.name, $0.value) }, metadata)
    for average in loop.averages {
      try write(RunFolder.average(rate: average.rate), zip(names, average.values).map { ($0, $1) }, metadata)
    }
    var state: [(name: String, tensor: Tensor)] = []
    for (i, name) in names.enumerated() {
      state.append(("exp_avg.\(name)", loop.optimizer.firstMoments[i]))
      state.append(("exp_avg_sq.\(name)", loop.optimizer.secondMoments[i]))
    }
    state += loop.sampler.state.map { (samplerPrefix + $0.name, $0.tensor) }
    try write(RunFolder.optimizer, state, step)
  }

  /// Restores `loop`, which must be at its start, to the state after the latest step in `folder`.
  ///
  /// - Throws: `TrainingError.nothingToResume`, `.checkpoint`, `.state`, `.file`; the loop is then unusable.
  public static func restore(_ loop: inout TrainLoop, from folder: String) throws(TrainingError) {
    guard let step = try inTrainingTerms({ try RunFolder.latestStep(in: folder) }) else {
      throw .nothingToResume(folder: folder)
    }
    func read(_ kind: String) throws(CheckpointError) -> StateDict {
      try StateDict.read(path: "\(folder)/\(RunFolder.file(kind, step: step))")
    }
    let variables = loop.variables
    do {
      let model = try read(RunFolder.model)
      for variable in variables { variable.set(try model.tensor(variable.name, shape: variable.shape)) }
      for i in loop.averages.indices {
        let file = try read(RunFolder.average(rate: loop.averages[i].rate))
        loop.averages[i].values = try variables.map { try file.tensor($0.name, shape: $0.shape) }
      }
      let optimizer = try read(RunFolder.optimizer)
      loop.optimizer.firstMoments = try variables.map { try optimizer.tensor("exp_avg.\($0.name)", shape: $0.shape) }
      loop.optimizer.secondMoments = try variables.map {
        try optimizer.tensor("exp_avg_sq.\($0.name)", shape: $0.shape)
      }
      // The state of a new sampler tells which tensors must exist.
      let state = try loop.sampler.state.map { part in
        (part.name, try optimizer.tensor(samplerPrefix + part.name, shape: part.tensor.shape))
      }
      try loop.sampler.restore(state)
    } catch let error as CheckpointError { throw .checkpoint(error) } catch let error as ScheduleSamplerError {
      throw .state(file: "\(folder)/\(RunFolder.file(RunFolder.optimizer, step: step))", error)
    } catch { preconditionFailure("\(error) is not thrown here") }
    loop.optimizer.step = step
  }
}
