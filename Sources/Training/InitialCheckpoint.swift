import DiffusionCheckpoints
import DiffusionFiles
import DiffusionModels
import DiffusionText
import TensorCore

/// The checkpoint that a run begins with, and what lies beside it. As in the original, `model010000.pt` says that it
/// was written after step 10,000, and the averages and the optimizer's state of that step are looked for in its folder.
struct InitialCheckpoint {
  /// The file or folder.
  let path: String
  /// The step that its name tells; nil if it tells none.
  let step: Int?
  private let folder: String

  init(_ path: String) {
    self.path = path
    let slash = path.lastIndex(of: "/")
    folder = slash.map { String(path[..<$0]) } ?? "."
    let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
    step = Self.step(ofFile: name)
  }

  /// The number between the last `model` and the dot after it, as the original finds it.
  private static func step(ofFile name: Substring) -> Int? {
    guard let word = name.ranges(of: "model").last else { return nil }
    let digits = name[word.upperBound...].prefix { $0 != "." }
    return isWholeNumber(digits) && digits.endIndex != name.endIndex ? Int(digits) : nil
  }

  /// Moves `loop`, whose variables have this checkpoint's weights, to its step, with the files beside it.
  ///
  /// - Returns: what was found and what was not, a line each.
  /// - Throws: `TrainingError.checkpoint`, `.state` if a file beside it belongs to another network; `.file`.
  func restore(_ loop: inout TrainLoop) throws(TrainingError) -> [String] {
    let shown = sanitized(path)
    if try inTrainingTerms({ try kind(ofPath: path) }) == .folder {
      let taken = try inTrainingTerms { try DrawnWeights(in: path) }?.path
      return ["\(taken.map(sanitized) ?? shown): initial weights; a folder has no step, so this begins at step 0"]
    }
    guard let step, step > 0 else {
      let name = String(folderAndName(path).name)
      let kind = RunFolder.parts(ofFile: name.replacing(".pt", with: ".safetensors"))?.kind
      return kind.flatMap(RunFolder.rate) != nil
        ? ["\(shown): initial weights; steps and averages begin anew, at step 0, since only model010000.pt goes on"]
        : ["\(shown): initial weights; its name has no step, as model010000.pt has, so this begins at step 0"]
    }
    guard step <= TrainingRequest.mostSteps else {
      throw .request("\(shown): its name says \(step) steps, more than a run can have; rename it")
    }
    loop.step = step
    var lines: [String] = []
    let variables = loop.variables
    for i in loop.averages.indices {
      let rate = loop.averages[i].rate
      let kind = RunFolder.average(rate: rate.rate)
      let name = RunFolder.file(kind, step: step)
      guard let file = try beside(name) else {
        lines.append("\(sanitized(folder)): there is no \(name), so this average starts from the weights")
        continue
      }
      try inTrainingTerms { try loop.averages[i].restore(file, variables, step: step) }
      let metadata = try inTrainingTerms { try StateDict.read(path: file).metadata }
      let before = AverageRate(rate.rate, warmsUp: metadata[RunFolder.warmUpKey] == "True")
      if rate.warmsUp && !before.warmsUp && !before.isFounded(after: loop.averages[i].steps) {
        loop.averages[i] = EMA(of: variables, rate: rate)
        lines.append("\(sanitized(file)): is mostly what it began with, so this average starts from the weights")
      } else {
        lines.append("\(sanitized(file)): this average goes on")
      }
    }
    lines.append(try restoreOptimizer(&loop, step: step))
    return ["\(shown): continuing at step \(grouped(step))"] + lines
  }

  private func restoreOptimizer(_ loop: inout TrainLoop, step: Int) throws(TrainingError) -> String {
    let name = RunFolder.file(RunFolder.optimizer, step: step)
    guard let file = try beside(name) else {
      return "\(sanitized(folder)): there is no \(name), so the optimizer starts afresh"
    }
    guard file.hasSuffix(name) else {
      return "\(sanitized(file)): PyTorch's optimizers are not read, so the optimizer starts afresh"
    }
    try TrainingCheckpoint.restoreOptimizer(&loop, file, step: step, ofOtherRun: true)
    return "\(sanitized(file)): the optimizer goes on"
  }

  /// The file of this name in the checkpoint's folder, also as the original saves it; nil if there is none.
  private func beside(_ name: String) throws(TrainingError) -> String? {
    for candidate in [name, name.replacing(".safetensors", with: ".pt")] {
      let file = "\(folder)/\(candidate)"
      if try inTrainingTerms({ try kind(ofPath: file) }) == .file { return file }
    }
    return nil
  }
}
