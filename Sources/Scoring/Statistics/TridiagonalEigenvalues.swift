/// A symmetric matrix that has elements on and beside the diagonal only.
struct TridiagonalMatrix {
  /// D elements.
  var diagonal: [Double]
  /// D - 1 elements: the one of index i is in row i + 1 and column i.
  var beside: [Double]

  /// All eigenvalues, smallest first, by the implicit QR method with Wilkinson's shifts (Golub & Van Loan, "Matrix
  /// Computations", algorithms 8.3.2 and 8.3.3), which always converges (Wilkinson 1968): some two steps for each
  /// eigenvalue, about D² rotations in all. Errors are a few ε of the largest eigenvalue.
  consuming func eigenvalues() -> [Double] {
    let largest = (diagonal + beside).reduce(0) { max($0, abs($1)) }
    if diagonal.count < 2 || largest == 0 { return diagonal.sorted() }
    // Squares of elements, and the power that scales them, must be doubles.
    let exponent = max(Int(largest.exponent), -1000)
    diagonal = diagonal.map { $0 * power(-exponent) }
    beside = beside.map { $0 * power(-exponent) }
    let epsilon = Double.ulpOfOne
    var last = diagonal.count - 1
    var steps = 0
    while last > 0 {
      var first = last
      while first > 0 {
        let scale = abs(diagonal[first]) + abs(diagonal[first - 1])
        // The second term ends the search among eigenvalues of zero.
        if abs(beside[first - 1]) <= epsilon * scale + epsilon * epsilon {
          beside[first - 1] = 0
          break
        }
        first -= 1
      }
      if first == last {
        last -= 1
        steps = 0
        continue
      }
      precondition(steps < 1000, "the eigenvalues of a finite matrix always converge")
      steps += 1
      step(first, last)
    }
    return diagonal.map { $0 * power(exponent) }.sorted()
  }

  /// One step on the rows `first` to `last`.
  private mutating func step(_ first: Int, _ last: Int) {
    let half = (diagonal[last - 1] - diagonal[last]) / 2
    let corner = beside[last - 1]
    let root = (half * half + corner * corner).squareRoot()
    // The eigenvalue of the last 2×2 rows that is nearer to the last element.
    let shift = diagonal[last] - corner * corner / (half + (half < 0 ? -root : root))
    var (x, bulge) = (diagonal[first] - shift, beside[first])
    for k in first..<last {
      let length = (x * x + bulge * bulge).squareRoot()
      let (c, s) = length > 0 ? (x / length, bulge / length) : (1, 0)
      if k > first { beside[k - 1] = length }
      let (upper, lower, between) = (diagonal[k], diagonal[k + 1], beside[k])
      diagonal[k] = c * c * upper + 2 * c * s * between + s * s * lower
      diagonal[k + 1] = s * s * upper - 2 * c * s * between + c * c * lower
      beside[k] = c * s * (lower - upper) + (c * c - s * s) * between
      if k + 1 < last {
        x = beside[k]
        bulge = s * beside[k + 1]
        beside[k + 1] *= c
      }
    }
  }
}
