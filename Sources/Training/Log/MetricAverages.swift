import DiffusionCore

/// What a run has to say of the steps since it last said something: means of what was added and the last of what was set, under names, as
/// upstream's logger gathers them (`logkv`, `logkv_mean`).
public struct MetricAverages: Sendable {
  private var order: [String] = []
  private var means: [String: (mean: Double, count: Int)] = [:]

  /// Nothing yet.
  public init() {}

  /// The names in the order in which they came, quartiles behind what they are quartiles of, and their values.
  public var values: [(key: String, value: Double)] {
    order.compactMap { key in means[key].map { (key, $0.mean) } }
  }

  /// Sets a value; the last one counts.
  public mutating func set(_ key: String, _ value: Double) {
    enlist(key)
    means[key] = (value, 0)
  }

  /// Adds one of the values whose mean is wanted.
  public mutating func add(_ key: String, _ value: Double) {
    enlist(key)
    let (mean, count) = means[key] ?? (0, 0)
    let total = Double(count + 1)
    // As upstream computes it: the mean so far never leaves the range of the values.
    means[key] = (mean * Double(count) / total + value / total, count + 1)
  }

  /// Adds the losses of a (micro-)batch as upstream's `log_loss_dict` does: their mean under `key`, and each one under `key_q0` … `key_q3`,
  /// by the quarter of the process in which its timestep lies.
  ///
  /// - Parameters:
  ///   - key: what is measured: `loss`, `mse`, `vb`.
  ///   - losses: one of each example, with its weight as upstream passes them.
  ///   - timesteps: that of each example, `0 ..< steps`.
  ///   - steps: how many the process has.
  public mutating func add(_ key: String, losses: [Float], timesteps: [Int], of steps: Int) {
    precondition(losses.count == timesteps.count, "\(losses.count) losses cannot have \(timesteps.count) timesteps")
    precondition(timesteps.allSatisfy { $0 >= 0 && $0 < steps }, "a timestep lies outside 0 ..< \(steps)")
    if losses.isEmpty { return }
    add(key, losses.reduce(0) { $0 + Double($1) } / Double(losses.count))
    // All four, so that their order does not depend on which comes first.
    for quartile in 0..<4 { enlist("\(key)_q\(quartile)") }
    for (loss, timestep) in zip(losses, timesteps) { add("\(key)_q\(4 * timestep / steps)", Double(loss)) }
  }

  /// Begins anew; names keep their order.
  public mutating func removeAll() { means = [:] }

  private mutating func enlist(_ key: String) {
    if !order.contains(key) { order.append(key) }
  }
}
