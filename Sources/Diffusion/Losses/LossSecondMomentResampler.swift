import TensorCore

/// An error in restoring a schedule sampler from its state.
public enum ScheduleSamplerError: Error, Equatable, CustomStringConvertible {
  /// The state lacks a tensor.
  case missing(name: String)
  /// The tensors belong to a process with a different number of steps, or to a different history length.
  case shape(history: [Int], counts: [Int], steps: Int, historyPerTerm: Int)
  /// A count is not an integer from 0 to the history length.
  case count(Float, step: Int)
  /// A loss is infinite or NaN.
  case loss(step: Int)

  /// One sentence that describes the error.
  public var description: String {
    switch self {
    case .missing(let name): "the schedule sampler has no \(name); the checkpoint is damaged"
    case .shape(let history, let counts, let steps, let historyPerTerm):
      "the schedule sampler's losses have the shape \(history) and their counts \(counts), but "
        + "\([steps, historyPerTerm]) and \([steps]) are needed for \(steps) steps; "
        + "continue with the number of steps that the run began with"
    case .count(let count, let step):
      "the schedule sampler counts \(count) losses of step \(step), which is no number of losses it keeps; "
        + "the checkpoint is damaged"
    case .loss(let step):
      "the schedule sampler remembers a loss of step \(step) that is no finite number; the checkpoint is damaged"
    }
  }
}

/// Samples steps with probability proportional to √E[L²] of their recent losses, which keeps the variance of the
/// estimated bound low (Nichol & Dhariwal 2021, §3.3). Uniform until every step has a full history.
public struct LossSecondMomentResampler: ScheduleSampler {
  /// The random seed.
  public let seed: UInt64
  /// The number of recent losses kept for each step.
  public let historyPerTerm: Int
  /// The fraction of draws that are uniform, in [0, 1], so that no step is neglected.
  public let uniformProb: Double
  /// The losses of each step, oldest first, `historyPerTerm` per step; 0 where none is recorded yet.
  private var history: [Float]
  /// The number of losses recorded for each step, at most `historyPerTerm`.
  private var counts: [Int]

  /// Creates a sampler of the steps `0 ..< steps` with an empty history.
  public init(seed: UInt64, steps: Int, historyPerTerm: Int = 10, uniformProb: Double = 0.001) {
    precondition(
      steps > 0 && historyPerTerm > 0 && (0...1).contains(uniformProb),
      "no steps can be drawn of \(steps), with \(historyPerTerm) losses each and \(uniformProb) of them uniform")
    self.seed = seed
    self.historyPerTerm = historyPerTerm
    self.uniformProb = uniformProb
    history = [Float](repeating: 0, count: steps * historyPerTerm)
    counts = [Int](repeating: 0, count: steps)
  }

  /// Whether every step has a full history.
  public var isWarmedUp: Bool { counts.allSatisfy { $0 == historyPerTerm } }

  /// The probability of each step, `[T]`.
  public var probabilities: [Double] {
    let uniform = 1 / Double(counts.count)
    let moments = counts.indices.map { step in
      let squares = losses(of: step).reduce(0.0) { $0 + Double($1) * Double($1) }
      return (squares / Double(historyPerTerm)).squareRoot()
    }
    let sum = moments.reduce(0, +)
    // If every loss is 0, the original divides by zero.
    guard isWarmedUp && sum > 0 else { return [Double](repeating: uniform, count: counts.count) }
    return moments.map { $0 / sum * (1 - uniformProb) + uniformProb * uniform }
  }

  /// Records losses for their steps; a full history drops its oldest. Ignores infinite and NaN losses, which would make
  /// every probability NaN.
  public mutating func update(steps: [Int], losses: [Float]) {
    precondition(steps.count == losses.count, "\(losses.count) losses of \(steps.count) steps")
    for (step, loss) in zip(steps, losses) where loss.isFinite {
      precondition(counts.indices.contains(step), "step \(step) of a process of \(counts.count)")
      let first = step * historyPerTerm
      if counts[step] == historyPerTerm {
        for e in first..<first + historyPerTerm - 1 { history[e] = history[e + 1] }
        history[first + historyPerTerm - 1] = loss
      } else {
        history[first + counts[step]] = loss
        counts[step] += 1
      }
    }
  }

  /// `history`, the losses of each step, oldest first and 0 where none is recorded, `[T, historyPerTerm]`; and
  /// `counts`, the number recorded for each step, `[T]`.
  public var state: [(name: String, tensor: Tensor)] {
    [
      ("history", Tensor([counts.count, historyPerTerm], history)),
      ("counts", Tensor([counts.count], counts.map { Float($0) })),
    ]
  }

  /// Restores the `state` of a sampler with the same number of steps and history length.
  public mutating func restore(_ state: [(name: String, tensor: Tensor)]) throws(ScheduleSamplerError) {
    func tensor(_ name: String) throws(ScheduleSamplerError) -> Tensor {
      guard let found = state.first(where: { $0.name == name }) else { throw .missing(name: name) }
      return found.tensor
    }
    let (history, counts) = (try tensor("history"), try tensor("counts"))
    let steps = self.counts.count
    guard history.shape == [steps, historyPerTerm] && counts.shape == [steps] else {
      throw .shape(history: history.shape, counts: counts.shape, steps: steps, historyPerTerm: historyPerTerm)
    }
    let (losses, numbers) = (history.values, counts.values)
    for (step, number) in numbers.enumerated() {
      guard let exact = Int(exactly: number), (0...historyPerTerm).contains(exact) else {
        throw .count(number, step: step)
      }
      guard losses[step * historyPerTerm..<(step + 1) * historyPerTerm].allSatisfy(\.isFinite) else {
        throw .loss(step: step)
      }
    }
    self.history = losses
    self.counts = numbers.map { Int($0) }
  }

  private func losses(of step: Int) -> ArraySlice<Float> {
    history[step * historyPerTerm..<(step + 1) * historyPerTerm]
  }
}
