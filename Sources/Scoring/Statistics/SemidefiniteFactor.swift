import TensorCore

/// A factor A of a positive semidefinite matrix, C = A·Aᵀ, by Cholesky's method with complete pivoting (Higham 1990,
/// "Analysis of the Cholesky decomposition of a semi-definite matrix"): as many columns as C has rank.
///
/// C is scaled first, to a diagonal of 1 to 4 by powers of two, so that neither a feature's unit nor that of all
/// matters. Columns are taken until the largest diagonal element of what is left is at most D·ε (2⁻⁵² = ε), as LAPACK's
/// `dpstrf` does; or until an element beside the diagonal is more than twice as large, which no semidefinite matrix
/// has: then what is left is the rounding of C (one that was stored as float32, say), and has no root.
///
/// Cost: D³/6 multiply-adds, 1.4·10⁹ for 2,048 features.
struct SemidefiniteFactor {
  /// The number of columns of A.
  private(set) var rank = 0
  /// Aᵀ of the scaled matrix in rows, `[rank, D]`.
  private(set) var columns: [Double] = []
  /// The rows of A, those first that were pivots, in their order: `columns` k is zero at the first k of them.
  private(set) var rowOrder: [Int] = []
  /// Row i of A is to be multiplied by 2 to the power of this; nil for rows of zeros.
  let exponents: [Int?]

  /// Columns that are taken before what is left is updated.
  private static let columnsAtOnce = 64

  /// The factor of `matrix`, symmetric and `[order, order]` in rows.
  init(of matrix: [Double], order: Int) {
    let exponents = (0..<order).map { i -> Int? in
      let variance = matrix[i * order + i]
      return variance > 0 ? Int((Double(variance.exponent) / 2).rounded(.down)) : nil
    }
    self.exponents = exponents
    var rest = Rest(matrix, order: order, exponents)
    while takeColumns(from: &rest, order: order) {}
    let pivots = Set(rowOrder)
    rowOrder += (0..<order).filter { !pivots.contains($0) }
  }

  /// What is left of C: the rows and columns of which none was a pivot.
  private struct Rest {
    /// Which rows of C they are, ascending.
    var rows: [Int]
    /// In rows; the lower triangle counts.
    var values: [Double]
    /// The diagonal, which is kept up to date while columns are taken; nil for pivots.
    var diagonal: [Double?]

    /// The rows that are not zero, scaled.
    init(_ matrix: [Double], order: Int, _ exponents: [Int?]) {
      let used = exponents.enumerated().compactMap { index, exponent in exponent.map { (index, power(-$0)) } }
      rows = used.map(\.0)
      // In two steps, since the product of both powers may be none that a double holds.
      values = used.flatMap { i, a in used.map { j, b in matrix[i * order + j] * a * b } }
      diagonal = rows.indices.map { [values, count = rows.count] in values[$0 * count + $0] }
    }

    /// The largest diagonal element's index and value, the first one of equals.
    var pivot: (index: Int, value: Double)? {
      var best: (index: Int, value: Double)?
      for (index, value) in diagonal.enumerated() {
        if let value, value > best?.value ?? 0 { best = (index, value) }
      }
      return best
    }

    /// Leaves the rows and columns of pivots out, and subtracts the products of the `taken` columns, `[taken, rows]`.
    mutating func subtract(_ columns: [Double], taken: Int) {
      let kept = rows.indices.filter { diagonal[$0] != nil }
      let (before, after) = (rows.count, kept.count)
      // Each element moves towards the front, in the order in which they are.
      for (i, row) in kept.enumerated() {
        for (j, column) in kept[...i].enumerated() { values[i * after + j] = values[row * before + column] }
      }
      values.removeLast(values.count - after * after)
      let factors = (0..<taken).flatMap { column in kept.map { columns[column * before + $0] } }
      values.withUnsafeMutableBufferPointer { values in
        factors.withUnsafeBufferPointer { factors in
          guard let values = values.baseAddress, let factors = factors.baseAddress else { return }
          let operand = MatrixOperand.columns(factors, stride: after)
          addProduct(
            operand, operand, depth: taken, factor: -1, onlyLower: true,
            to: MatrixSums(start: values, stride: after, rows: after, columns: after))
        }
      }
      rows = kept.map { rows[$0] }
      diagonal = kept.map { diagonal[$0] }
    }
  }

  /// Takes some columns and subtracts their products from what is left; false if those were the last.
  private mutating func takeColumns(from rest: inout Rest, order: Int) -> Bool {
    let count = rest.rows.count
    var taken: [Double] = []
    var column = [Double](repeating: 0, count: count)
    while taken.count < Self.columnsAtOnce * count {
      guard let (pivot, value) = rest.pivot, value > Double(order) * Double.ulpOfOne else { break }
      for i in 0..<count { column[i] = rest.values[i < pivot ? pivot * count + i : i * count + pivot] }
      for earlier in stride(from: 0, to: taken.count, by: count) {
        let factor = taken[earlier + pivot]
        for i in 0..<count { column[i] -= factor * taken[earlier + i] }
      }
      if column.indices.contains(where: { rest.diagonal[$0] != nil && abs(column[$0]) > 2 * value }) { break }
      let root = value.squareRoot()
      for i in 0..<count {
        guard let left = rest.diagonal[i] else {
          column[i] = 0
          continue
        }
        column[i] = i == pivot ? root : column[i] / root
        rest.diagonal[i] = i == pivot ? nil : left - column[i] * column[i]
      }
      taken += column
      rowOrder.append(rest.rows[pivot])
      rank += 1
    }
    let newColumns = count == 0 ? 0 : taken.count / count
    for new in 0..<newColumns {
      var whole = [Double](repeating: 0, count: order)
      for (i, row) in rest.rows.enumerated() { whole[row] = taken[new * count + i] }
      columns += whole
    }
    if newColumns < Self.columnsAtOnce { return false }
    rest.subtract(taken, taken: newColumns)
    return true
  }
}

/// 2 to the power of `exponent`.
func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
