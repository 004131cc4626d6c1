/// The Fréchet distance of two normal distributions (Dowson & Landau 1982): FID, if they are those of Inception's
/// features (Heusel et al. 2017), |μ₁ - μ₂|² + tr(C₁ + C₂ - 2·(C₁·C₂)^½).
///
/// The trace of the root is the sum of the roots of the eigenvalues of C₁·C₂. With C₁ = A·Aᵀ and C₂ = B·Bᵀ (Cholesky
/// with pivoting, `SemidefiniteFactor`) they are, but for zeros, those of the symmetric matrix (Aᵀ·B)·(Aᵀ·B)ᵀ, of the
/// order of the lower rank: reduced to tridiagonal form (`Tridiagonalization`), then by the QR method
/// (`TridiagonalMatrix.eigenvalues`). An eigenvalue is known to some ε of the largest one.
///
/// Cost: some 3·D³ multiply-adds if both have full rank; less, the fewer the
/// pictures; and six matrices of D·D doubles.
///
/// A singular covariance (fewer pictures than features, features that never change) is taken as it is, and the distance
/// is the exact one. Other programs take `scipy.linalg.sqrtm` of C₁·C₂; pytorch-fid and guided-diffusion add 10⁻⁶ to
/// the diagonal of both covariances, but only if the result is not finite, and drop its imaginary part. Where `sqrtm`
/// is accurate they agree. Rounding alone could make the result negative; it is 0 then.
///
/// - Throws: `ScoringError.differentFeatures` unless both have as many features.
public func frechetDistance(_ first: FeatureMoments, _ second: FeatureMoments) throws(ScoringError) -> Double {
  let width = first.dimensions
  if width != second.dimensions {
    throw .differentFeatures(what: first.what, width, other: second.what, second.dimensions)
  }
  var distance = 0.0
  for i in 0..<width {
    let difference = first.mean[i] - second.mean[i]
    distance += difference * difference
    distance += first.covariance[i * (width + 1)] + second.covariance[i * (width + 1)]
  }
  let roots = rootsOfProduct(first.covariance, second.covariance, order: width)
  return max(0, distance - 2 * roots.reduce(0, +))
}

/// The square roots of the eigenvalues of the product of two positive semidefinite matrices, `[order, order]` in rows,
/// smallest first, without some or all of those that are zero.
func rootsOfProduct(_ first: [Double], _ second: [Double], order: Int) -> [Double] {
  var (a, b) = (
    SemidefiniteFactor(of: first, order: order), SemidefiniteFactor(of: second, order: order)
  )
  if a.rank > b.rank { swap(&a, &b) }
  // The rows of both are scaled; Aᵀ·B is summed with what is left when the largest power is taken out. In the order of
  // A's pivots half of A is zero.
  let exponents = a.rowOrder.map { i in a.exponents[i].flatMap { x in b.exponents[i].map { x + $0 } } }
  guard a.rank > 0, let largest = exponents.compactMap({ $0 }).max() else { return [] }
  let factors = exponents.map { $0.map { power($0 - largest) } ?? 0 }
  let left = (0..<a.rank).flatMap { row in
    zip(a.rowOrder, factors).map { a.columns[row * order + $0] * $1 }
  }
  let right = (0..<b.rank).flatMap { row in a.rowOrder.map { b.columns[row * order + $0] } }
  let between = products(left, rows: a.rank, right, rows: b.rank, depth: order, isUpper: true)
  let square = products(between, rows: a.rank, between, rows: a.rank, depth: b.rank, onlyLower: true)
  return Tridiagonalization.tridiagonal(square, order: a.rank).eigenvalues()
    .map { max($0, 0).squareRoot() * power(largest) }
}

/// A·Bᵀ of matrices in rows.
private func products(
  _ a: [Double], rows: Int, _ b: [Double], rows columns: Int, depth: Int, isUpper: Bool = false,
  onlyLower: Bool = false
) -> [Double] {
  var result = [Double](repeating: 0, count: rows * columns)
  result.withUnsafeMutableBufferPointer { result in
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        guard let a = a.baseAddress, let b = b.baseAddress, let result = result.baseAddress else { return }
        addProduct(
          .rows(a, stride: depth), .rows(b, stride: depth), depth: depth, isUpper: isUpper, onlyLower: onlyLower,
          to: MatrixSums(start: result, stride: columns, rows: rows, columns: columns))
      }
    }
  }
  return result
}
