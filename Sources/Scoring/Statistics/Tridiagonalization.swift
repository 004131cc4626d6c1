import TensorCore

/// Turns a symmetric matrix into a tridiagonal one of the same eigenvalues by Householder's reflections, a panel of
/// columns at a time (Dongarra, Sorensen & Hammarling 1989, LAPACK's `dsytrd`).
///
/// A reflection of column j needs the product of what is left of the matrix, and the vector v. Within a panel what is
/// left stays as it was at the panel's beginning, and the reflections V since then, with W, are applied to the vectors
/// instead: A - V·Wᵀ - W·Vᵀ. So half of the 2/3·D³ multiply-adds are a matrix product at the end of a panel; the other
/// half read the lower triangle once for each column, D³/6 doubles in all, and take as long as memory does: two seconds
/// or so for D = 2048.
struct Tridiagonalization {
  private let order: Int
  private let matrix: UnsafeMutablePointer<Double>
  /// The vectors of a panel, each `order` long: V, W, and V again, so that [V, W] and [W, V] are one operand each.
  private let vectors: UnsafeMutablePointer<Double>
  /// Sums of the runs of rows that threads multiply, `order` for each run.
  private let partial: UnsafeMutablePointer<Double>

  private static let panelWidth = 32
  /// Fixed, so that the bits do not depend on the number of threads.
  private static let runs = 8

  /// The tridiagonal matrix similar to the symmetric matrix whose lower triangle is that of `lower`, `[order, order]`
  /// in rows.
  static func tridiagonal(_ lower: [Double], order: Int) -> TridiagonalMatrix {
    var lower = lower
    let room = UnsafeMutablePointer<Double>.allocate(capacity: order * (3 * panelWidth + runs))
    defer { room.deallocate() }
    return lower.withUnsafeMutableBufferPointer { lower in
      var result = TridiagonalMatrix(diagonal: [], beside: [])
      guard let start = lower.baseAddress else { return result }
      let work = Tridiagonalization(
        order: order, matrix: start, vectors: room, partial: room + order * 3 * panelWidth)
      for first in stride(from: 0, to: order, by: panelWidth) {
        work.reducePanel(first..<min(first + panelWidth, order), &result)
      }
      return result
    }
  }

  private func reducePanel(_ columns: Range<Int>, _ result: inout TridiagonalMatrix) {
    let width = Self.panelWidth
    for column in columns {
      let taken = column - columns.lowerBound
      let (v, w) = (vectors + taken * order, vectors + (width + taken) * order)
      for i in column..<order { v[i] = matrix[i * order + column] }
      for t in 0..<taken {
        let (v0, w0) = (vectors + t * order, vectors + (width + t) * order)
        let (v0Here, w0Here) = (v0[column], w0[column])
        for i in column..<order { v[i] -= v0[i] * w0Here + w0[i] * v0Here }
      }
      result.diagonal.append(v[column])
      // Rows up to the column are not touched any more.
      v.update(repeating: 0, count: column + 1)
      w.update(repeating: 0, count: order)
      if column + 1 == order { break }
      let (beside, tau) = Self.reflector(v + column + 1, order - column - 1)
      result.beside.append(beside)
      if tau != 0 { multiply(v, into: w, from: column + 1, taken: taken, tau: tau) }
    }
    let (rest, count) = (columns.upperBound, columns.count)
    if rest == order { return }
    // The panel is whole, since only the last one may be narrower.
    (vectors + 2 * count * order).update(from: vectors, count: count * order)
    let start = vectors + rest
    addProduct(
      .columns(start, stride: order), .columns(start + count * order, stride: order), depth: 2 * count, factor: -1,
      onlyLower: true,
      to: MatrixSums(
        start: matrix + rest * (order + 1), stride: order, rows: order - rest, columns: order - rest))
  }

  /// Replaces x by v, v[0] = 1, such that (I - τ·v·vᵀ)·x = (beside, 0, …).
  private static func reflector(_ x: UnsafeMutablePointer<Double>, _ count: Int) -> (beside: Double, tau: Double) {
    var rest = 0.0
    for i in 1..<max(count, 1) { rest += x[i] * x[i] }
    let first = x[0]
    x[0] = 1
    if rest == 0 { return (first, 0) }
    let length = (first * first + rest).squareRoot()
    let beside = first > 0 ? -length : length
    for i in 1..<count { x[i] /= first - beside }
    return (beside, (beside - first) / beside)
  }

  /// w = τ·(p - τ/2·(p·v)·v), p = (A - V·Wᵀ - W·Vᵀ)·v, in the rows and columns from `first` on.
  private func multiply(
    _ v: UnsafePointer<Double>, into w: UnsafeMutablePointer<Double>, from first: Int, taken: Int, tau: Double
  ) {
    multiplySymmetric(v, into: w, from: first)
    for t in 0..<taken {
      let (v0, w0) = (vectors + t * order, vectors + (Self.panelWidth + t) * order)
      let (along, across) = (dot(w0 + first, v + first, order - first), dot(v0 + first, v + first, order - first))
      for i in first..<order { w[i] -= v0[i] * along + w0[i] * across }
    }
    let half = tau / 2 * dot(w + first, v + first, order - first)
    for i in first..<order { w[i] = tau * (w[i] - half * v[i]) }
  }

  /// w = A·v in the rows and columns from `first` on; of A the lower triangle is read, once.
  private func multiplySymmetric(_ v: UnsafePointer<Double>, into w: UnsafeMutablePointer<Double>, from first: Int) {
    let (order, matrix, partial) = (order, matrix, partial)
    let count = order - first
    ThreadPool.shared.forEach(Self.runs) { run in
      let sums = partial + run * order
      (sums + first).update(repeating: 0, count: count)
      // Runs of as many elements: rows up to the root of the share of them.
      func begin(_ run: Int) -> Int {
        first + Int((Double(run) / Double(Self.runs)).squareRoot() * Double(count))
      }
      addRows(begin(run)..<(run + 1 == Self.runs ? order : begin(run + 1)), from: first, v, matrix, order, to: sums)
    }
    for run in 0..<Self.runs {
      let sums = partial + run * order
      for i in first..<order { w[i] += sums[i] }
    }
  }
}

/// Adds what `rows` of a lower triangle add to the product of the symmetric matrix and `v`: row i itself to element i,
/// and, as column i, to the elements before it.
private func addRows(
  _ rows: Range<Int>, from first: Int, _ v: UnsafePointer<Double>, _ matrix: UnsafePointer<Double>, _ order: Int,
  to sums: UnsafeMutablePointer<Double>
) {
  typealias Vector = SIMD2<Double>
  var row = rows.lowerBound
  // Four rows at a time, so that v and the sums are read a quarter as often.
  while row + 4 <= rows.upperBound {
    let (a, b, c, d) = (
      matrix + row * order, matrix + (row + 1) * order, matrix + (row + 2) * order, matrix + (row + 3) * order
    )
    let (va, vb, vc, vd) = (v[row], v[row + 1], v[row + 2], v[row + 3])
    var (sumA, sumB, sumC, sumD) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var i = first
    while i + 2 <= row {
      let (x, ra, rb, rc, rd) = (load(v + i), load(a + i), load(b + i), load(c + i), load(d + i))
      sumA += ra * x
      sumB += rb * x
      sumC += rc * x
      sumD += rd * x
      UnsafeMutableRawPointer(sums + i).storeBytes(
        of: load(sums + i) + ((va * ra + vb * rb) + (vc * rc + vd * rd)), as: Vector.self)
      i += 2
    }
    for (r, sum) in [(0, sumA), (1, sumB), (2, sumC), (3, sumD)] {
      let line = matrix + (row + r) * order
      var own = sum[0] + sum[1]
      for j in i..<row + r {
        own += line[j] * v[j]
        sums[j] += line[j] * v[row + r]
      }
      sums[row + r] += own + line[row + r] * v[row + r]
    }
    row += 4
  }
  while row < rows.upperBound {
    let line = matrix + row * order
    var own = line[row] * v[row]
    for j in first..<row {
      own += line[j] * v[j]
      sums[j] += line[j] * v[row]
    }
    sums[row] += own
    row += 1
  }
}

private func load(_ p: UnsafePointer<Double>) -> SIMD2<Double> {
  UnsafeRawPointer(p).loadUnaligned(as: SIMD2<Double>.self)
}

/// Σ a[i]·b[i], in four sums.
private func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var sum = SIMD4<Double>.zero
  var i = 0
  while i + 4 <= count {
    sum +=
      UnsafeRawPointer(a + i).loadUnaligned(as: SIMD4<Double>.self)
      * UnsafeRawPointer(b + i).loadUnaligned(as: SIMD4<Double>.self)
    i += 4
  }
  var rest = sum.sum()
  while i < count {
    rest += a[i] * b[i]
    i += 1
  }
  return rest
}
