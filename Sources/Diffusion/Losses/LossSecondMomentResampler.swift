import TensorCore

/// Why a schedule sampler cannot go on from a state.
public enum ScheduleSamplerError: Error, Equatable, CustomStringConvertible {
  /// A tensor of the state is missing.
  case missing(name: String)
  /// The tensors are of another process, or of another length of history.
  case shape(history: [Int], counts: [Int], steps: Int, historyPerTerm: Int)
  /// A count is no integer from 0 to the length of the history.
  case count(Float, step: Int)
  /// A loss is infinite or not a number.
  case loss(step: Int)

  /// One sentence that says what is wrong.
  public var description: String {
    switch self {
    case .missing(let name): "the schedule sampler has no \(name); the checkpoint is damaged"
    case .shape(let history, let counts, let steps, let historyPerTerm):
      "the schedule sampler's losses have the shape \(history) and their counts \(counts), but "
        + "\([steps, historyPerTerm]) and \([steps]) are needed for \(steps) steps; "
        + "go on with the number of steps that the run began with"
    case .count(let count, let step):
      "the schedule sampler counts \(count) losses of step \(step), which is no number of losses it keeps; "
        + "the checkpoint is damaged"
    case .loss(let step):
      "the schedule sampler remembers a loss of step \(step) that is no finite number; the checkpoint is damaged"
    }
  }
}

/// Steps with a probability in proportion to √E[L²] of their last losses, which keeps the variance of the bound's
/// estimate low (Nichol & Dhariwal 2021, §3.3); uniform until each step has as many losses as are kept.
public struct LossSecondMomentResampler: ScheduleSampler {
  /// The seed of the draws.
  public let seed: UInt64
  /// How many losses of each step are kept.
  public let historyPerTerm: Int
  /// The share of draws that are uniform, in [0, 1], so that no step is forgotten.
  public let uniformProb: Double
  /// The losses of each step, oldest first, `historyPerTerm` after `historyPerTerm`; 0 where there is none yet.
  private var history: [Float]
  /// How many losses each step has, at most `historyPerTerm`.
  private var counts: [Int]

  /// A sampler of the steps `0 ..< steps` that knows of no losses.
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

  /// Whether each step has all its losses.
  public var isWarmedUp: Bool { counts.allSatisfy { $0 == historyPerTerm } }

  /// The probability of each step, `[T]`.
  public var probabilities: [Double] {
    let uniform = 1 / Double(counts.count)
    let moments = counts.indices.map { step in
      let squares = losses(of: step).reduce(0.0) { $0 + Double($1) * Double($1) }
      return (squares / Double(historyPerTerm)).squareRoot()
    }
    let sum = moments.reduce(0, +)
    // Where nothing is lost at any step, the original divides by zero.
    guard isWarmedUp && sum > 0 else { return [Double](repeating: uniform, count: counts.count) }
    return moments.map { $0 / sum * (1 - uniformProb) + uniformProb * uniform }
  }

  /// Adds losses to those of their steps; the oldest make room. One that is infinite or not a number is left out, as
  /// with it no probability would be a number any more.
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

  /// `history`, the losses of each step, oldest first and 0 where there is none yet, `[T, historyPerTerm]`; and `counts`,
  /// how many there are, `[T]`.
  public var state: [(name: String, tensor: Tensor)] {
    [
      ("history", Tensor([counts.count, historyPerTerm], history)),
      ("counts", Tensor([counts.count], counts.map { Float($0) })),
    ]
  }

  /// Goes on from the `state` of a sampler with as many steps and as long a history.
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
