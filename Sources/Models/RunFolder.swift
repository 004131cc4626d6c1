import DiffusionCheckpoints
import DiffusionFiles

/// The names of the files that hold a training run's state after a step, as in the original: `model010000.safetensors`,
/// `ema_0.9999_010000.safetensors` for each EMA, and `opt010000.safetensors`. The last one is written last: if it
/// exists, so do the others.
public enum RunFolder {
  /// The raw parameters.
  public static let model = "model"
  /// The optimizer's state.
  public static let optimizer = "opt"
  /// The EMA of the parameters at `rate`.
  public static func average(rate: Double) -> String { "ema_\(rate)_" }

  /// The file for one kind of state after a step.
  public static func file(_ kind: String, step: Int) -> String { kind + digits(ofStep: step) + ending }

  private static let ending = ".safetensors"

  /// The step as in file names, with at least six digits.
  public static func digits(ofStep step: Int) -> String {
    let digits = String(step)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// The latest step for which `folder` has all files; nil if there is none.
  ///
  /// - Throws: `FileError` if the folder cannot be read.
  public static func latestStep(in folder: String) throws(FileError) -> Int? {
    latestStep(among: try namesInFolder(folder))
  }

  private static func latestStep(among listed: [String]) -> Int? {
    let names = Set(listed)
    return names.compactMap { step(ofFile: $0, kind: optimizer) }.filter { names.contains(file(model, step: $0)) }.max()
  }

  /// Whether `folder` holds more than a run leaves if it is killed before its first checkpoint is complete.
  ///
  /// - Throws: `FileError` if the folder cannot be read.
  public static func hasBegun(in folder: String) throws(FileError) -> Bool {
    let names = try namesInFolder(folder)
    func count(_ kind: String) -> Int { names.count { step(ofFile: $0, kind: kind) != nil } }
    return count(optimizer) > 0 || count(model) > 1
  }

  /// The path of the EMA with the highest rate at the latest step, or of the raw model if there is no EMA; nil if there
  /// is no step.
  ///
  /// - Throws: `CheckpointError` if the folder cannot be read.
  public static func latestModel(in folder: String) throws(CheckpointError) -> String? {
    do {
      let names = try namesInFolder(folder)
      guard let step = latestStep(among: names) else { return nil }
      let averages = names.filter { $0.hasPrefix("ema_") && $0.hasSuffix(file("_", step: step)) }
      let best = averages.max { rate(in: $0) < rate(in: $1) }
      return "\(folder)/\(best ?? file(model, step: step))"
    } catch { throw CheckpointError(error) }
  }

  private static func rate(in name: String) -> Double {
    Double(name.split(separator: "_").dropFirst().first ?? "") ?? 0
  }

  private static func step(ofFile name: String, kind: String) -> Int? {
    guard name.hasPrefix(kind), name.hasSuffix(ending) else { return nil }
    return Int(name.dropFirst(kind.count).dropLast(ending.count))
  }
}
