import DiffusionFiles
import DiffusionText

/// The names of the files that hold a training run's state after a step, as in the original: `model010000.safetensors`,
/// `ema_0.9999_010000.safetensors` for each average, and `opt010000.safetensors`. The last one is written last: if it
/// exists, so do the others, unless somebody removed them.
public enum RunFolder {
  /// The raw parameters.
  public static let model = "model"
  /// The optimizer's state.
  public static let optimizer = "opt"
  /// The average of the parameters at `rate`.
  public static func average(rate: Double) -> String { "ema_\(rate)_" }

  /// The file for one kind of state after a step.
  public static func file(_ kind: String, step: Int) -> String { kind + digits(ofStep: step) + ending }

  /// How the names end.
  static let ending = ".safetensors"

  /// The largest number of steps; a file of a later one is none of a run.
  public static let mostSteps = 1_000_000_000

  /// What an average's file says of it beside its rate: whether that warmed up, and the steps it has followed.
  public static let (warmUpKey, stepsKey) = ("ema_warm_up", "ema_steps")

  /// The number of steps under `key` in the metadata of a file that was written after `step`: as many, unless the file
  /// says fewer.
  public static func steps(_ key: String, in metadata: [String: String], after step: Int) -> Int {
    metadata[key].flatMap { Int($0) }.flatMap { $0 >= 0 && $0 <= step ? $0 : nil } ?? step
  }

  /// The step as in file names, with at least six digits.
  public static func digits(ofStep step: Int) -> String {
    let digits = String(step)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// The kind and the step that a file's name tells; nil if it is no such file.
  public static func parts(ofFile name: String) -> (kind: String, step: Int)? {
    guard name.hasSuffix(ending) else { return nil }
    let stem = name.dropLast(ending.count)
    let digits = String(stem.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
    let kind = String(stem.dropLast(digits.count))
    guard let step = Int(digits), step <= mostSteps, file(kind, step: step) == name else { return nil }
    return kind == model || kind == optimizer || rate(ofKind: kind) != nil ? (kind, step) : nil
  }

  /// The rate of an average's kind; nil for another.
  public static func rate(ofKind kind: String) -> Double? {
    guard kind.hasPrefix("ema_"), kind.hasSuffix("_") else { return nil }
    return Double(kind.dropFirst(4).dropLast()).flatMap { (0..<1).contains($0) ? $0 : nil }
  }
}

/// The checkpoints in a run's folder.
public struct RunFiles: Sendable {
  /// The kinds of state that there are after each step.
  public let kinds: [Int: Set<String>]

  /// Looks into `folder`.
  ///
  /// - Throws: `FileError` if it cannot be read.
  public init(in folder: String) throws(FileError) {
    var kinds: [Int: Set<String>] = [:]
    for (kind, step) in try namesInFolder(folder).compactMap(RunFolder.parts) { kinds[step, default: []].insert(kind) }
    self.kinds = kinds
  }

  /// The newest step of which there is anything; nil if there is none.
  public var newest: Int? { kinds.keys.max() }

  /// The kinds of averages that there are, after any step.
  public var averages: Set<String> {
    kinds.values.reduce(into: []) { $0.formUnion($1.filter { RunFolder.rate(ofKind: $0) != nil }) }
  }

  /// The newest step after which there are all of `wanted`; nil if there is none.
  public func newest(having wanted: some Sequence<String>) -> Int? {
    kinds.filter { $0.value.isSuperset(of: wanted) }.keys.max()
  }

  /// The files of `wanted` that are missing after `step`, in words: `there is no a`, `a and b are missing`.
  public func missing(_ wanted: some Sequence<String>, at step: Int) -> String {
    let missing = Set(wanted).subtracting(kinds[step] ?? []).sorted()
    let files = missing.map { RunFolder.file($0, step: step) }
    return files.count == 1 ? "there is no \(files[0])" : "\(listed(files)) are missing"
  }

  /// Of which file the weights of the newest step are drawn with: see `DrawnWeights`. Nil if there are none.
  func drawnStep() -> Int? {
    newest(having: averages.union([RunFolder.model]))
      ?? kinds.filter { !$0.value.subtracting([RunFolder.optimizer]).isEmpty }.keys.max()
  }
}
