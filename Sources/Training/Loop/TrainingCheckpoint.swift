import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import TensorCore

/// The files in which a run's folder holds the state after a step, under the original's names: `model010000.safetensors`, for each
/// moving average `ema_0.9999_010000.safetensors`, and `opt010000.safetensors`, which is written last: where it is, the others are.
public enum TrainingCheckpoint {
  /// What the names end in.
  private static func name(_ kind: String, _ step: Int) -> String {
    kind + digits(ofStep: step) + ".safetensors"
  }

  /// The step in file names, at least six digits.
  public static func digits(ofStep step: Int) -> String {
    let digits = String(step)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// A moving average's name, for instance `ema_0.9999_`.
  private static func averageKind(_ rate: Double) -> String { "ema_\(rate)_" }

  /// The latest step of whose state `folder` has all files, and nil if there is none.
  ///
  /// - Throws: `ImageError` for a folder that cannot be read.
  public static func latestStep(in folder: String) throws -> Int? {
    let names = Set(try namesInFolder(folder))
    return names.compactMap { number(in: $0, kind: "opt") }.filter { names.contains(name("model", $0)) }.max()
  }

  /// Whether `folder` has more than a run leaves there that is killed before its first checkpoint is whole.
  ///
  /// - Throws: `ImageError` for a folder that cannot be read.
  public static func hasBegun(in folder: String) throws -> Bool {
    let names = try namesInFolder(folder)
    func count(_ kind: String) -> Int { names.count { number(in: $0, kind: kind) != nil } }
    return count("opt") > 0 || count("model") > 1
  }

  /// The path of the model, or of the moving average with the highest rate, of the latest step; nil if there is none.
  ///
  /// - Throws: `ImageError` for a folder that cannot be read.
  public static func latestModel(in folder: String) throws -> String? {
    guard let step = try latestStep(in: folder) else { return nil }
    let averages = try namesInFolder(folder).filter { $0.hasPrefix("ema_") && $0.hasSuffix(name("_", step)) }
    let best = averages.max { rate(in: $0) < rate(in: $1) }
    return "\(folder)/\(best ?? name("model", step))"
  }

  private static func rate(in name: String) -> Double {
    Double(name.split(separator: "_").dropFirst().first ?? "") ?? 0
  }

  private static func number(in name: String, kind: String) -> Int? {
    let ending = ".safetensors"
    guard name.hasPrefix(kind), name.hasSuffix(ending) else { return nil }
    return Int(name.dropFirst(kind.count).dropLast(ending.count))
  }

  /// Writes the state of `loop`, each file whole or not at all.
  ///
  /// - Parameter description: what the model is, which its files say of themselves.
  /// - Throws: `ImageError`.
  public static func write(_ loop: TrainLoop, to folder: String, description: ModelDescription) throws {
    let names = loop.variables.map(\.name)
    let metadata = ["format": "pt", "config": try description.json(), "step": "\(loop.step)"]
    func write(_ kind: String, _ tensors: [(name: String, tensor: Tensor)], _ metadata: [String: String]) throws {
      try writeAtomically(to: "\(folder)/\(name(kind, loop.step))") { write in
        try writeSafetensors(tensors, metadata: metadata) { try write($0) }
      }
    }
    try write("model", loop.variables.map { ($0.name, $0.value) }, metadata)
    for average in loop.averages {
      try write(averageKind(average.rate), Array(zip(names, average.values)).map { ($0.0, $0.1) }, metadata)
    }
    var state: [(name: String, tensor: Tensor)] = []
    for (i, name) in names.enumerated() {
      state.append(("exp_avg.\(name)", loop.optimizer.firstMoments[i]))
      state.append(("exp_avg_sq.\(name)", loop.optimizer.secondMoments[i]))
    }
    if let sampler = loop.sampler as? LossSecondMomentResampler {
      state.append(("schedule_sampler.history", sampler.state.history))
      state.append(("schedule_sampler.counts", sampler.state.counts))
    }
    try write("opt", state, ["format": "pt", "step": "\(loop.step)"])
  }

  /// Brings `loop`, which is at its beginning, to the state after the latest step in `folder`.
  ///
  /// - Throws: `TrainingError`, `CheckpointError`, `ImageError`; the loop is of no use then.
  public static func restore(_ loop: inout TrainLoop, from folder: String) throws {
    guard let step = try latestStep(in: folder) else { throw TrainingError.nothingToResume(folder: folder) }
    let model = try StateDict.read(path: "\(folder)/\(name("model", step))")
    for variable in loop.variables { variable.set(try model.tensor(variable.name, shape: variable.shape)) }
    for i in loop.averages.indices {
      let file = try StateDict.read(path: "\(folder)/\(name(averageKind(loop.averages[i].rate), step))")
      loop.averages[i].values = try loop.variables.map { try file.tensor($0.name, shape: $0.shape) }
    }
    let path = "\(folder)/\(name("opt", step))"
    let optimizer = try StateDict.read(path: path)
    loop.optimizer.firstMoments = try loop.variables.map { try optimizer.tensor("exp_avg.\($0.name)", shape: $0.shape) }
    loop.optimizer.secondMoments = try loop.variables.map {
      try optimizer.tensor("exp_avg_sq.\($0.name)", shape: $0.shape)
    }
    if var sampler = loop.sampler as? LossSecondMomentResampler {
      let steps = sampler.probabilities.count
      let history = try optimizer.tensor("schedule_sampler.history", shape: [steps, sampler.historyPerTerm])
      let counts = try optimizer.tensor("schedule_sampler.counts", shape: [steps])
      do { try sampler.restore(history: history, counts: counts) } catch {
        throw TrainingError.state(file: path, reason: "\(error)")
      }
      loop.sampler = sampler
    }
    loop.optimizer.step = step
  }
}
