import Foundation
import Testing

@testable import DiffusionScoring

/// Eigenvalues of symmetric matrices that are known in closed form.
struct EigenvalueTests {
  /// 2 on the diagonal and -1 beside it: 2 - 2·cos(kπ/(D + 1)).
  @Test(arguments: [1, 2, 3, 31, 32, 33, 200]) func secondDifferences(order: Int) {
    var matrix = [Double](repeating: 0, count: order * order)
    for i in 0..<order {
      matrix[i * order + i] = 2
      if i > 0 { matrix[i * order + i - 1] = -1 }
    }
    let expected = (1...order).map { k in
      2 - 2 * cos(Double(k) * .pi / Double(order + 1))
    }
    expectClose(eigenvalues(matrix, order), expected, tolerance: 1e-14 * Double(order), "eigenvalue")
  }

  /// The matrix of min(i, j), from 1, is the inverse of the second differences with 1 in the last place, whose
  /// eigenvalues are 4·sin²((2k - 1)π/(4D + 2)). They spread over four decades, and no element is zero.
  @Test(arguments: [5, 64, 65, 130]) func minima(order: Int) {
    let matrix = (0..<order * order).map { Double(min($0 / order, $0 % order) + 1) }
    let expected = (1...order).reversed().map { k -> Double in
      let sine = sin(Double(2 * k - 1) * .pi / Double(4 * order + 2))
      return 1 / (4 * sine * sine)
    }
    expectClose(eigenvalues(matrix, order), expected, tolerance: 1e-14 * expected[order - 1], "eigenvalue")
  }

  /// Of rank one, and of rank zero.
  @Test func manyEigenvaluesOfZero() {
    let order = 70
    let ones = [Double](repeating: 3, count: order * order)
    let expected = [Double](repeating: 0, count: order - 1) + [210]
    expectClose(eigenvalues(ones, order), expected, tolerance: 1e-12, "eigenvalue")
    expectClose(
      eigenvalues(ones.map { _ in 0 }, order), [Double](repeating: 0, count: order), tolerance: 0, "eigenvalue")
  }

  private func eigenvalues(_ matrix: [Double], _ order: Int) -> [Double] {
    Tridiagonalization.tridiagonal(matrix, order: order).eigenvalues()
  }

  /// What float32 makes of a matrix of rank three is no semidefinite matrix; its factor stops at what is one.
  @Test(arguments: 0..<8) func roundingIsNotFactored(seed: Int) {
    let order = 60
    let columns = (0..<3).map { k in
      (0..<order).map { i -> Double in
        let number: Int = i * i * (seed + 5) + 31 * k * i + k
        return Double(number % 97) / 7
      }
    }
    var matrix = [Double](repeating: 0, count: order * order)
    for i in 0..<order {
      for j in 0..<order {
        for column in columns { matrix[i * order + j] += column[i] * column[j] }
        matrix[i * order + j] = Double(Float(matrix[i * order + j]))
      }
    }
    let factor = SemidefiniteFactor(of: matrix, order: order)
    var worst = 0.0
    for i in 0..<order {
      for j in 0..<order {
        guard let x = factor.exponents[i], let y = factor.exponents[j] else { continue }
        var sum = 0.0
        for k in 0..<factor.rank { sum += factor.columns[k * order + i] * factor.columns[k * order + j] }
        worst = max(worst, abs(sum * power(x + y) - matrix[i * order + j]))
      }
    }
    #expect(worst < 4e-7 * (matrix.max() ?? 0), "\(worst), rank \(factor.rank)")
  }

  /// A factor has as many columns as the matrix has rank, and its square is the matrix.
  @Test func factorsHaveTheRankOfTheirMatrix() {
    let (order, rank) = (150, 70)
    // Columns of integers, so that the matrix is exact.
    let columns = (0..<rank).map { k in
      (0..<order).map { i -> Double in
        let number: Int = i * i * k * 7 + i * k * k * 31 + i * i * i + k
        return Double(number % 101 - 50)
      }
    }
    var matrix = [Double](repeating: 0, count: order * order)
    for i in 0..<order {
      for j in 0..<order {
        for column in columns { matrix[i * order + j] += column[i] * column[j] }
      }
    }
    let factor = SemidefiniteFactor(of: matrix, order: order)
    #expect(factor.rank == rank)
    #expect(factor.rowOrder.sorted() == Array(0..<order))
    var found = [Double](repeating: 0, count: order * order)
    for i in 0..<order {
      for j in 0..<order {
        guard let x = factor.exponents[i], let y = factor.exponents[j] else { continue }
        for k in 0..<factor.rank {
          let product = factor.columns[k * order + i] * factor.columns[k * order + j]
          found[i * order + j] += product * power(x + y)
        }
      }
    }
    expectClose(found, matrix, tolerance: 1e-11 * (matrix.max() ?? 0), "element")
    // In the order of the pivots it is triangular.
    for k in 1..<factor.rank {
      #expect(factor.rowOrder[..<k].allSatisfy { factor.columns[k * order + $0] == 0 })
    }
  }
}
