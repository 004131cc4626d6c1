import TensorCore

/// For each picture the one of another set whose features are nearest.
public struct NearestNeighbours: Sendable {
  /// For each picture the index of its nearest one; of equally near ones the lowest.
  public let indices: [Int]
  /// The Euclidean distances to them.
  public let distances: [Double]
}

/// The nearest of `others` to each of `features`, exact in double precision.
///
/// Products in float32 rule out what is certainly farther than the nearest one so far; the few others are compared in
/// double precision. Memory does not grow with the pairs; the cost is N·M·D multiply-adds.
///
/// - Parameters:
///   - features: the pictures whose neighbours are looked for.
///   - others: the pictures that may be neighbours.
///   - leavingOutItself: whether both sets are the same, and no picture is its own neighbour. (A copy of it may be.)
///   - progress: called now and then with the part that is done.
/// - Throws: `ScoringError.tooFew` unless each picture has another one, `differentFeatures`.
public func nearestNeighbours(
  of features: Features, in others: Features, leavingOutItself: Bool = false,
  progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
) throws(ScoringError) -> NearestNeighbours {
  try others.require(leavingOutItself ? 2 : 1, for: "nearest neighbours")
  try features.requireSameDimensions(as: others)
  precondition(!leavingOutItself || features.count == others.count, "a set has as many pictures as itself")
  let found = neighbours(of: features, in: others, count: 1, leavingOutItself: leavingOutItself, progress: progress)
  return NearestNeighbours(indices: found.map(\.index), distances: found.map { $0.square.squareRoot() })
}

/// A picture of another set, and the square of the distance to it.
struct Neighbour {
  var square = Double.infinity
  var index = -1
}

/// The `count` nearest of `others` to each of `features`, nearest first and the lower index first among equals,
/// `[N, count]`; there must be as many others.
func neighbours(
  of features: Features, in others: Features, count: Int, leavingOutItself: Bool, progress: (Int, Int) -> Void
) -> [Neighbour] {
  var found = [Neighbour](repeating: Neighbour(), count: features.count * count)
  if features.count == 0 { return found }
  let pairs = PairBlocks(features, others)
  let total = PairBlocks.blockCount(features, others)
  var done = 0
  found.withUnsafeMutableBufferPointer { found in
    guard let start = found.baseAddress else { return }
    pairs.forEachBlock { block in
      ThreadPool.shared.forEach(block.rows.range.count) { row in
        let picture = block.rows.range.lowerBound + row
        pairs.improve(
          start + picture * count, count, block, row: row, leavingOut: leavingOutItself ? picture : nil)
      }
      done += 1
      progress(done, total)
    }
  }
  return found
}

extension PairBlocks {
  /// Puts those columns of a block that are nearer to row `row` in the place of farther ones in `nearest`.
  fileprivate func improve(
    _ nearest: UnsafeMutablePointer<Neighbour>, _ count: Int, _ block: Block, row: Int, leavingOut itself: Int?
  ) {
    let products = block.products(ofRow: row)
    let (picture, square) = (block.rows.range.lowerBound + row, block.rows.squares[row])
    var limit = nearest[count - 1].square * scale * scale
    for column in 0..<block.columns.range.count {
      let least = leastSquare(square, block.columns.squares[column], products[column])
      let other = block.columns.range.lowerBound + column
      if !(least < limit) || other == itself { continue }
      let distance = squaredDistance(picture, other)
      if distance >= nearest[count - 1].square { continue }
      var place = count - 1
      while place > 0 && distance < nearest[place - 1].square {
        nearest[place] = nearest[place - 1]
        place -= 1
      }
      nearest[place] = Neighbour(square: distance, index: other)
      limit = nearest[count - 1].square * scale * scale
    }
  }

  /// What the squared distance of two centred and scaled rows is at least, from their squares and product.
  func leastSquare(_ a: Double, _ b: Double, _ product: Float) -> Double {
    (a + b) * (1 - 2 * roundoff) - 2 * Double(product) - smallest
  }

  /// What it is at most.
  func mostSquare(_ a: Double, _ b: Double, _ product: Float) -> Double {
    (a + b) * (1 + 2 * roundoff) - 2 * Double(product) + smallest
  }

  /// More than what products too small for float32 add up to.
  private var smallest: Double { 0x1p-110 }

  /// The squared distance of two rows as they are, the same whichever is called the first.
  func squaredDistance(_ row: Int, _ other: Int) -> Double {
    let width = first.dimensions
    return first.values.withUnsafePointer { a in
      second.values.withUnsafePointer { b in
        squaredDistanceOfRows(a + row * width, b + other * width, width)
      }
    }
  }
}

/// Σ (a[i] - b[i])², in eight sums.
private func squaredDistanceOfRows(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Double {
  typealias Vector = SIMD8<Double>
  var (sum, i) = (Vector.zero, 0)
  while i + 8 <= count {
    let x = Vector(UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Float>.self))
    let y = Vector(UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Float>.self))
    sum += (x - y) * (x - y)
    i += 8
  }
  var rest = sum.sum()
  while i < count {
    rest += (Double(a[i]) - Double(b[i])) * (Double(a[i]) - Double(b[i]))
    i += 1
  }
  return rest
}
