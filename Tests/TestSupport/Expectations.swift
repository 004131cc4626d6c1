import TensorCore
import Testing

/// Expects two tensors of one shape whose elements differ by at most `tolerance`, and says where they differ most.
public func expectClose(
  _ found: Tensor, _ expected: Tensor, tolerance: Float, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard found.shape == expected.shape else {
    Issue.record("\(what): shape \(found.shape), expected \(expected.shape)", sourceLocation: sourceLocation)
    return
  }
  var worst = (index: 0, difference: Float(0))
  let (a, b) = (found.values, expected.values)
  for i in a.indices {
    let difference = abs(a[i] - b[i])
    // A NaN compares false with everything: it must count as the worst.
    if !(difference <= worst.difference) { worst = (i, difference) }
  }
  if !(worst.difference <= tolerance) {
    Issue.record(
      """
      \(what): element \(worst.index) of \(found.shape) is \(a[worst.index]), expected \(b[worst.index]): \
      they differ by \(worst.difference), allowed \(tolerance)
      """,
      sourceLocation: sourceLocation)
  }
}

extension Tensor {
  /// The largest magnitude of any element.
  public var largestMagnitude: Float { values.reduce(0) { max($0, abs($1)) } }
}
