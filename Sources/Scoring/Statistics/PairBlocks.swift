import TensorCore

/// The scalar products of all rows of one set of features with all rows of another, block by block.
///
/// They are computed in float32 by the kernels of the tensor core, which is several times faster than double precision,
/// of rows from which a common centre has been subtracted and that have been scaled to at most 1. What rounding does to
/// a product x·y of D elements is then less than `roundoff · (|x|² + |y|²)`, whatever the mean and the unit of the
/// features; with random signs it is some 10⁻⁷ of |x|·|y|.
struct PairBlocks {
  let first: Features
  let second: Features
  /// D numbers, subtracted from each row.
  let centre: [Double]
  /// A power of two by which centred rows are multiplied.
  let scale: Double
  /// See above: (D + 16)/2 roundings of 2⁻²⁴, D of them in the sum (|x|·|y| ≤ (|x|² + |y|²)/2), the others in the
  /// elements.
  var roundoff: Double { Double(first.dimensions + 16) / 2 * 0x1p-24 }

  /// Rows of a block; two blocks of 2,048 features and their products are 20 MB.
  static let rowsAtOnce = 1024

  /// The products of `first`, centred and scaled, with `second`, likewise; at least one row each.
  init(_ first: Features, _ second: Features) {
    (self.first, self.second) = (first, second)
    let centre = Self.mean(of: second)
    self.centre = centre
    let largest = max(Self.largestDeviation(of: first, from: centre), Self.largestDeviation(of: second, from: centre))
    // 2⁻ᵉ⁻¹ for 2ᵉ ≤ largest < 2ᵉ⁺¹.
    scale = largest > 0 ? power(-Int(largest.exponent) - 1) : 1
  }

  /// The number of blocks that `forEachBlock` visits.
  static func blockCount(_ first: Features, _ second: Features, onlyUpper: Bool = false) -> Int {
    let (rows, columns) = (blocks(first.count), blocks(second.count))
    return onlyUpper ? rows * (rows + 1) / 2 : rows * columns
  }

  /// Calls `body` for one block after the other: those of the first rows first, in the order of columns. With
  /// `onlyUpper`, for which both sets must be the same, blocks below the diagonal are left out.
  func forEachBlock(onlyUpper: Bool = false, _ body: (Block) -> Void) {
    let noBias = Tensor(zeros: [min(Self.rowsAtOnce, second.count)])
    for row in stride(from: 0, to: first.count, by: Self.rowsAtOnce) {
      let rows = row..<min(row + Self.rowsAtOnce, first.count)
      let left = CentredRows(first, rows, self)
      for column in stride(from: onlyUpper ? row : 0, to: second.count, by: Self.rowsAtOnce) {
        let columns = column..<min(column + Self.rowsAtOnce, second.count)
        let right = onlyUpper && column == row ? left : CentredRows(second, columns, self)
        let product = Linear(weight: right.values, bias: noBias.rows(0..<columns.count))(left.values)
        product.withUnsafePointer { body(Block(rows: left, columns: right, products: $0)) }
      }
    }
  }

  private static func blocks(_ rows: Int) -> Int { (rows + rowsAtOnce - 1) / rowsAtOnce }

  /// The products of some rows with some others.
  struct Block {
    let rows: CentredRows
    let columns: CentredRows
    /// `[rows, columns]`, of centred and scaled rows.
    let products: UnsafePointer<Float>

    /// The products of row `row` of the block.
    func products(ofRow row: Int) -> UnsafePointer<Float> { products + row * columns.range.count }
  }

  private static func mean(of features: Features) -> [Double] {
    var sums = [Double](repeating: 0, count: features.dimensions)
    features.values.withUnsafePointer { values in
      for row in 0..<features.count {
        for i in 0..<sums.count { sums[i] += Double(values[row * sums.count + i]) }
      }
    }
    return sums.map { $0 / Double(features.count) }
  }

  private static func largestDeviation(of features: Features, from centre: [Double]) -> Double {
    features.values.withUnsafePointer { values in
      var largest = 0.0
      for row in 0..<features.count {
        for i in 0..<centre.count { largest = max(largest, abs(Double(values[row * centre.count + i]) - centre[i])) }
      }
      return largest
    }
  }
}

/// Some rows of features, without the centre and scaled.
struct CentredRows {
  /// Which rows they are.
  let range: Range<Int>
  /// `[n, D]`.
  let values: Tensor
  /// The square of the length of each of `values`.
  let squares: [Double]
  /// The scalar product of the centre with what is left of each row without it, not scaled.
  let alongCentre: [Double]

  init(_ features: Features, _ range: Range<Int>, _ pairs: PairBlocks) {
    self.range = range
    let width = features.dimensions
    var (squares, alongCentre) = (
      [Double](repeating: 0, count: range.count), [Double](repeating: 0, count: range.count)
    )
    let (centre, scale) = (pairs.centre, pairs.scale)
    values = Tensor([range.count, width]) { target in
      features.values.withUnsafePointer { source in
        squares.withUnsafeMutableBufferPointer { squares in
          alongCentre.withUnsafeMutableBufferPointer { alongCentre in
            ThreadPool.shared.forEach(range.count) { row in
              let (from, to) = (source + (range.lowerBound + row) * width, target + row * width)
              var (square, along) = (0.0, 0.0)
              for i in 0..<width {
                let x = Double(from[i]) - centre[i]
                to[i] = Float(x * scale)
                square += Double(to[i]) * Double(to[i])
                along += centre[i] * x
              }
              squares[row] = square
              alongCentre[row] = along
            }
          }
        }
      }
    }
    (self.squares, self.alongCentre) = (squares, alongCentre)
  }
}
