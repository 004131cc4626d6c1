import TensorCore

/// KID (Bińkowski et al. 2018, "Demystifying MMD GANs", section 4): the unbiased estimator of the squared maximum mean
/// discrepancy of two sets of features x and y, with the kernel k(x, y) = (x·y/D + 1)³,
///
///     Σ_{i≠j} k(xᵢ, xⱼ) / (m·(m - 1)) + Σ_{i≠j} k(yᵢ, yⱼ) / (n·(n - 1)) - 2·Σ_{i,j} k(xᵢ, yⱼ) / (m·n)
///
/// over all pairs. Being unbiased it is negative now and then. Other programs draw subsets (torch-fidelity 100 times
/// 1,000 pictures of each) and take the mean of their estimates, which estimates the same with more noise.
///
/// Scalar products are computed in float32 about a common centre (`PairBlocks`), everything else in double precision.
/// Memory does not grow with the pairs; the cost is (m + n)²·D/2 multiply-adds.
///
/// - Parameters:
///   - first: at least two pictures.
///   - second: at least two pictures.
///   - progress: called now and then with the part that is done.
/// - Throws: `ScoringError.tooFew`, `differentFeatures`.
public func kernelDistance(
  _ first: Features, _ second: Features, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
) throws(ScoringError) -> Double {
  let inner = PairBlocks.blockCount(second, second, onlyUpper: true)
  let total = inner + blocksOfKernelDistance(first, second)
  let mean = try meanKernel(within: second) { done, _ in progress(done, total) }
  return try kernelDistance(first, second, meanWithinSecond: mean) { done, _ in progress(inner + done, total) }
}

/// The same with the mean of the second set known (`meanKernel(within:)`).
func kernelDistance(
  _ first: Features, _ second: Features, meanWithinSecond: Double, progress: (_ done: Int, _ of: Int) -> Void
) throws(ScoringError) -> Double {
  try second.require(2, for: "KID")
  try first.requireSameDimensions(as: second)
  let total = blocksOfKernelDistance(first, second)
  let inner = PairBlocks.blockCount(first, first, onlyUpper: true)
  let within = try meanKernel(within: first) { done, _ in progress(done, total) }
  var done = inner
  let between = PairBlocks(first, second).kernelSum(onlyPairs: false) {
    done += 1
    progress(done, total)
  }
  return within + meanWithinSecond - 2 * between / (Double(first.count) * Double(second.count))
}

/// The blocks of products that it takes beyond those of the second set with itself.
private func blocksOfKernelDistance(_ first: Features, _ second: Features) -> Int {
  PairBlocks.blockCount(first, first, onlyUpper: true) + PairBlocks.blockCount(first, second)
}

/// The mean of k(xᵢ, xⱼ) over all pairs of different pictures of a set.
///
/// - Throws: `ScoringError.tooFew`.
func meanKernel(
  within features: Features, progress: (_ done: Int, _ of: Int) -> Void
) throws(ScoringError) -> Double {
  try features.require(2, for: "KID")
  let (n, total) = (Double(features.count), PairBlocks.blockCount(features, features, onlyUpper: true))
  var done = 0
  // Each pair is counted once.
  return 2
    * PairBlocks(features, features).kernelSum(onlyPairs: true) {
      done += 1
      progress(done, total)
    } / (n * (n - 1))
}

extension PairBlocks {
  /// Σ k(xᵢ, yⱼ), with `onlyPairs` over i < j.
  fileprivate func kernelSum(onlyPairs: Bool, _ blockIsDone: () -> Void) -> Double {
    let width = Double(first.dimensions)
    let square = centre.reduce(0) { $0 + $1 * $1 }
    var sum = 0.0
    forEachBlock(onlyUpper: onlyPairs) { block in
      let count = block.rows.range.count
      let isDiagonal = onlyPairs && block.rows.range == block.columns.range
      // x·y = (x - c)·(y - c) + c·(x - c) + c·(y - c) + c·c, divided by D and with the kernel's 1.
      let factor = 1 / (scale * scale * width)
      let offsets = block.columns.alongCentre.map { $0 / width }
      var sums = [Double](repeating: 0, count: count)
      sums.withUnsafeMutableBufferPointer { sums in
        offsets.withUnsafeBufferPointer { offsets in
          ThreadPool.shared.forEach(count) { row in
            let start = (block.rows.alongCentre[row] + square) / width + 1
            sums[row] = cubeSum(
              block.products(ofRow: row), factor, offsets, start, from: isDiagonal ? row + 1 : 0)
          }
        }
      }
      sum += sums.reduce(0, +)
      blockIsDone()
    }
    return sum
  }
}

/// Σ (products[j]·factor + offsets[j] + start)³ over j from `first` on, in four sums.
private func cubeSum(
  _ products: UnsafePointer<Float>, _ factor: Double, _ offsets: UnsafeBufferPointer<Double>, _ start: Double,
  from first: Int
) -> Double {
  guard let offset = offsets.baseAddress else { return 0 }
  typealias Vector = SIMD4<Double>
  var (sum, j) = (Vector.zero, first)
  while j + 4 <= offsets.count {
    let product = Vector(UnsafeRawPointer(products + j).loadUnaligned(as: SIMD4<Float>.self))
    let value = product * factor + (UnsafeRawPointer(offset + j).loadUnaligned(as: Vector.self) + start)
    sum += value * value * value
    j += 4
  }
  var rest = sum.sum()
  while j < offsets.count {
    let value = Double(products[j]) * factor + (offset[j] + start)
    rest += value * value * value
    j += 1
  }
  return rest
}
