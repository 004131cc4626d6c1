import TensorCore

/// How much of one set of pictures lies where the other has pictures (Kynkäänniemi et al. 2019, "Improved Precision and
/// Recall Metric for Assessing Generative Models").
public struct PrecisionAndRecall: Equatable, Sendable {
  /// The share of samples that lie among the references, 0 to 1.
  public let precision: Double
  /// The share of references that lie among the samples, 0 to 1.
  public let recall: Double
}

/// Precision and recall as guided-diffusion's evaluator defines them: the surroundings of a set are balls about its
/// pictures, each reaching to the `neighbours`-th nearest other one of the set, and a picture lies among the set's if
/// any ball holds it, its surface included.
///
/// Distances are compared as in double precision (what float32 leaves open is computed again). The original casts
/// features to float16 first where no distance overflows; that is wrong in the third digit of distances, and not
/// imitated. It reads its references from files of 10,000 pictures, and the shares depend on both numbers: compare
/// numbers of the same ones.
///
/// - Parameters:
///   - samples: more than k pictures.
///   - references: more than k pictures.
///   - k: the neighbours, 3 in the evaluator.
///   - most: how many references are used, evenly spaced, as they may be sorted by class.
///   - progress: called now and then with the part that is done.
/// - Throws: `ScoringError.tooFew`, `differentFeatures`.
public func precisionAndRecall(
  _ samples: Features, references: Features, neighbours k: Int = 3, most: Int = 10_000,
  progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
) throws(ScoringError) -> PrecisionAndRecall {
  precondition(k >= 1, "a ball cannot reach to neighbour \(k)")
  try samples.require(k + 1, for: "precision and recall")
  let radii = try squaredRadii(ofReferences: references, neighbours: k, most: most) { _, _ in }
  return try precisionAndRecall(samples, references: references, radii: radii, neighbours: k, progress: progress)
}

/// The same with the references' squared radii known (`squaredRadii(ofReferences:)`).
func precisionAndRecall(
  _ samples: Features, references: Features, radii: [Double], neighbours k: Int = 3,
  progress: (_ done: Int, _ of: Int) -> Void
) throws(ScoringError) -> PrecisionAndRecall {
  try samples.require(k + 1, for: "precision and recall")
  try samples.requireSameDimensions(as: references)
  let used = references.evenlySpaced(radii.count)
  // Two products of the sets: the samples with themselves, and both.
  let inner = PairBlocks.blockCount(samples, samples)
  let total = inner + PairBlocks.blockCount(samples, used)
  let sampleRadii = squaredRadii(samples, k) { done, _ in progress(done, total) }
  let (samplesInside, referencesInside) = PairBlocks(samples, used).insideBalls(sampleRadii, radii) { done in
    progress(inner + done, total)
  }
  func share(_ inside: [Bool]) -> Double { Double(inside.count { $0 }) / Double(inside.count) }
  return PrecisionAndRecall(precision: share(samplesInside), recall: share(referencesInside))
}

/// The squared radii of the balls about the references, of at most 10,000 evenly spaced ones.
///
/// - Throws: `ScoringError.tooFew`.
func squaredRadii(
  ofReferences references: Features, neighbours k: Int = 3, most: Int = 10_000,
  progress: (_ done: Int, _ of: Int) -> Void
) throws(ScoringError) -> [Double] {
  try references.require(k + 1, for: "precision and recall")
  return squaredRadii(references.evenlySpaced(most), k, progress: progress)
}

/// The squared distance of each picture to its `k`-th nearest other one.
private func squaredRadii(_ features: Features, _ k: Int, progress: (Int, Int) -> Void) -> [Double] {
  let found = neighbours(of: features, in: features, count: k, leavingOutItself: true, progress: progress)
  return (0..<features.count).map { found[$0 * k + k - 1].square }
}

extension PairBlocks {
  /// Which rows of `first` lie in a ball about a row of `second`, and the other way round; from the balls' squared
  /// radii.
  fileprivate func insideBalls(
    _ firstRadii: [Double], _ secondRadii: [Double], blockIsDone: (Int) -> Void
  ) -> (first: [Bool], second: [Bool]) {
    var firstInside = [Bool](repeating: false, count: first.count)
    var secondInside = [Bool](repeating: false, count: second.count)
    var done = 0
    firstInside.withUnsafeMutableBufferPointer { firstInside in
      secondInside.withUnsafeMutableBufferPointer { secondInside in
        forEachBlock { block in
          let (rows, columns) = (block.rows.range, block.columns.range)
          ThreadPool.shared.forEach(rows.count) { row in
            let x = rows.lowerBound + row
            if firstInside[x] { return }
            firstInside[x] = columns.contains { y in
              holds(block, row, y - columns.lowerBound, square: secondRadii[y])
            }
          }
          ThreadPool.shared.forEach(columns.count) { column in
            let y = columns.lowerBound + column
            if secondInside[y] { return }
            secondInside[y] = rows.contains { x in
              holds(block, x - rows.lowerBound, column, square: firstRadii[x])
            }
          }
          done += 1
          blockIsDone(done)
        }
      }
    }
    return (firstInside, secondInside)
  }

  /// Whether the squared distance of a pair is at most `square`.
  private func holds(_ block: Block, _ row: Int, _ column: Int, square: Double) -> Bool {
    let (a, b) = (block.rows.squares[row], block.columns.squares[column])
    let product = block.products(ofRow: row)[column]
    let limit = square * scale * scale
    if mostSquare(a, b, product) <= limit { return true }
    if leastSquare(a, b, product) > limit { return false }
    return squaredDistance(block.rows.range.lowerBound + row, block.columns.range.lowerBound + column) <= square
  }
}

extension Features {
  /// `most` pictures from the first on, or all if there are no more.
  fileprivate func evenlySpaced(_ most: Int) -> Features {
    if count <= most { return self }
    return Features(checked: values.gatheringRows((0..<most).map { $0 * count / most }), of: what)
  }
}
