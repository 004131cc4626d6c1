import DiffusionScoring
import TensorCore
import TestSupport
import Testing

/// What `scoring.py` computed, and the features that it does not hold.
enum ScoringFixture {
  static func features(_ name: String) throws -> Features {
    try Features(Fixture("scoring").tensor(name), of: name)
  }

  /// `lattice` of scoring.py.
  static func lattice(_ count: Int, _ width: Int, seed: Int) throws -> Features {
    var values: [Float] = []
    for i in 0..<count {
      for j in 0..<width {
        let last: Int = (i * 13 + seed) % 37 * (j + seed)
        let number: Int = i * i * 31 + j * j * 17 + i * j * 7 + last
        values.append(Float(number % 101) / 8)
      }
    }
    return try Features(Tensor([count, width], values), of: "lattice")
  }
}

/// Expects numbers that differ by at most `tolerance`.
func expectClose(
  _ found: [Double], _ expected: [Double], tolerance: Double, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  for (i, (a, b)) in zip(found, expected).enumerated() where !(abs(a - b) <= tolerance) {
    Issue.record("\(what)[\(i)] is \(a), expected \(b)", sourceLocation: sourceLocation)
    return
  }
}

/// Calls `body` with pools of one, two and three threads.
func withNumbersOfThreads(_ body: () throws -> Void) rethrows {
  let threads = ThreadPool.shared.threads
  defer { ThreadPool.shared.threads = threads }
  for count in 1...3 {
    ThreadPool.shared.threads = count
    try body()
  }
}
