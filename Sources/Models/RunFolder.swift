import DiffusionCheckpoints
import DiffusionFiles

/// The names of the files in which a run of training leaves its state after a step, as the original has them: `model010000.safetensors`, for
/// each moving average `ema_0.9999_010000.safetensors`, and `opt010000.safetensors`, which is written last: where it is, the others are.
public enum RunFolder {
  /// The parameters as they are.
  public static let model = "model"
  /// The optimizer's state.
  public static let optimizer = "opt"
  /// The parameters averaged at a rate.
  public static func average(rate: Double) -> String { "ema_\(rate)_" }

  /// The file of one kind of state after a step.
  public static func file(_ kind: String, step: Int) -> String { kind + digits(ofStep: step) + ending }

  private static let ending = ".safetensors"

  /// The step in file names, at least six digits.
  public static func digits(ofStep step: Int) -> String {
    let digits = String(step)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// The latest step of whose state `folder` has all files, and nil if there is none.
  ///
  /// - Throws: `FileError` for a folder that cannot be read.
  public static func latestStep(in folder: String) throws(FileError) -> Int? {
    let names = Set(try namesInFolder(folder))
    return names.compactMap { step(ofFile: $0, kind: optimizer) }.filter { names.contains(file(model, step: $0)) }.max()
  }

  /// Whether `folder` has more than a run leaves there that is killed before its first checkpoint is whole.
  ///
  /// - Throws: `FileError` for a folder that cannot be read.
  public static func hasBegun(in folder: String) throws(FileError) -> Bool {
    let names = try namesInFolder(folder)
    func count(_ kind: String) -> Int { names.count { step(ofFile: $0, kind: kind) != nil } }
    return count(optimizer) > 0 || count(model) > 1
  }

  /// The path of the model, or of the moving average with the highest rate, of the latest step; nil if there is none.
  ///
  /// - Throws: `CheckpointError` for a folder that cannot be read.
  public static func latestModel(in folder: String) throws(CheckpointError) -> String? {
    do {
      guard let step = try latestStep(in: folder) else { return nil }
      let averages = try namesInFolder(folder).filter { $0.hasPrefix("ema_") && $0.hasSuffix(file("_", step: step)) }
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
