import DiffusionCore

/// The metrics of a run since its last log row: the means of added values and the last of set values, by name, as in
/// the original's logger (`logkv`, `logkv_mean`).
public struct MetricAverages: Sendable {
  private var order: [String] = []
  private var means: [String: (mean: Double, count: Int)] = [:]

  /// Creates an empty collection.
  public init() {}

  /// The names, in order of first use with quartiles after their metric, and their values.
  public var values: [(key: String, value: Double)] {
    order.compactMap { key in means[key].map { (key, $0.mean) } }
  }

  /// Sets a value, replacing any earlier one.
  public mutating func set(_ key: String, _ value: Double) {
    enlist(key)
    means[key] = (value, 0)
  }

  /// Adds a value to the mean.
  public mutating func add(_ key: String, _ value: Double) {
    enlist(key)
    let (mean, count) = means[key] ?? (0, 0)
    let total = Double(count + 1)
    // Computed as in the original: the mean so far never leaves the range of the values.
    means[key] = (mean * Double(count) / total + value / total, count + 1)
  }

  /// Adds the losses of a (micro-)batch, like the original's `log_loss_dict`: their mean under `key`, and each one
  /// under `key_q0` … `key_q3`, by the quarter of the process that its timestep lies in.
  ///
  /// - Parameters:
  ///   - key: the metric: `loss`, `mse`, `vb`.
  ///   - losses: the loss of each example, weighted as in the original.
  ///   - timesteps: the timestep of each example, in `0 ..< steps`.
  ///   - steps: the number of steps in the process.
  public mutating func add(_ key: String, losses: [Float], timesteps: [Int], of steps: Int) {
    precondition(losses.count == timesteps.count, "\(losses.count) losses cannot have \(timesteps.count) timesteps")
    precondition(timesteps.allSatisfy { $0 >= 0 && $0 < steps }, "a timestep lies outside 0 ..< \(steps)")
    if losses.isEmpty { return }
    add(key, losses.reduce(0) { $0 + Double($1) } / Double(losses.count))
    // All four, so that their order does not depend on which one occurs first.
    for quartile in 0..<4 { enlist("\(key)_q\(quartile)") }
    for (loss, timestep) in zip(losses, timesteps) { add("\(key)_q\(4 * timestep / steps)", Double(loss)) }
  }

  /// Removes all values; names keep their order.
  public mutating func removeAll() { means = [:] }

  private mutating func enlist(_ key: String) {
    if !order.contains(key) { order.append(key) }
  }
}
