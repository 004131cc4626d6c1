import TensorCore

/// A matrix of doubles to be multiplied: the element of `row` at `depth`, along which products are summed, lies at
/// `start + row · rowStride + depth · depthStride`.
struct MatrixOperand {
  let start: UnsafePointer<Double>
  let rowStride: Int
  let depthStride: Int

  /// Rows one behind the other, `stride` doubles apart.
  static func rows(_ start: UnsafePointer<Double>, stride: Int) -> MatrixOperand {
    MatrixOperand(start: start, rowStride: stride, depthStride: 1)
  }

  /// The transpose of `rows`.
  static func columns(_ start: UnsafePointer<Double>, stride: Int) -> MatrixOperand {
    MatrixOperand(start: start, rowStride: 1, depthStride: stride)
  }

  /// The operand from `row` on.
  func from(row: Int) -> MatrixOperand {
    MatrixOperand(start: start + row * rowStride, rowStride: rowStride, depthStride: depthStride)
  }
}

/// A matrix of doubles to be written: row r begins at `start + r · stride`.
struct MatrixSums {
  let start: UnsafeMutablePointer<Double>
  let stride: Int
  let rows: Int
  let columns: Int
}

/// Rows and columns of the tile that is summed in registers; 8 of the 16 vectors of SSE2, the least of x86-64.
private let tileSide = 4
/// Rows and columns of what a thread computes at a time, a multiple of `tileSide`.
private let blockSide = 64
/// Products summed in registers before they are added to memory. A block of one operand, 128 KB, stays in a core's
/// cache.
private let depthAtOnce = 256

/// `sums[i][j] += factor · Σ_k a[i][k] · b[j][k]` in double precision, on all threads.
///
/// With `isUpper`, a[i][k] is zero for k < i, and nearly half of the products are left out.
/// With `onlyLower` the result is symmetric and only its lower triangle is wanted: what lies above the diagonal is
/// computed as far as tiles reach over it, and otherwise left alone. The bits do not depend on the number of threads.
func addProduct(
  _ a: MatrixOperand, _ b: MatrixOperand, depth: Int, factor: Double = 1, isUpper: Bool = false,
  onlyLower: Bool = false,
  to sums: MatrixSums
) {
  guard sums.rows > 0, sums.columns > 0, depth > 0 else { return }
  let most = min(depth, depthAtOnce)
  let (aPanels, bPanels) = (panelCount(sums.rows), panelCount(sums.columns))
  let packed = UnsafeMutablePointer<Double>.allocate(capacity: (aPanels + bPanels) * tileSide * most)
  defer { packed.deallocate() }
  let (aPacked, bPacked) = (packed, packed + aPanels * tileSide * most)
  let (rowBlocks, columnBlocks) = (blockCount(sums.rows), blockCount(sums.columns))
  for first in stride(from: 0, to: depth, by: depthAtOnce) {
    let depth = min(depthAtOnce, depth - first)
    ThreadPool.shared.forEach(aPanels + bPanels) { panel in
      let (operand, rows, target, panel) =
        panel < aPanels ? (a, sums.rows, aPacked, panel) : (b, sums.columns, bPacked, panel - aPanels)
      pack(operand, rows: rows, panel: panel, depths: first..<first + depth, into: target)
    }
    ThreadPool.shared.forEach(rowBlocks * columnBlocks) { block in
      let rows = block / columnBlocks * blockSide
      let columns = block % columnBlocks * blockSide
      if (onlyLower && columns > rows) || (isUpper && rows >= first + depth) { return }
      for column in stride(from: columns, to: min(columns + blockSide, sums.columns), by: tileSide) {
        for row in stride(from: rows, to: min(rows + blockSide, sums.rows), by: tileSide) {
          if onlyLower && column > row { continue }
          addTile(aPacked + row * depth, bPacked + column * depth, depth, factor, to: sums, row, column)
        }
      }
    }
  }
}

private func panelCount(_ rows: Int) -> Int { (rows + tileSide - 1) / tileSide }
private func blockCount(_ rows: Int) -> Int { (rows + blockSide - 1) / blockSide }

/// Copies four rows so that a tile reads them one after the other, `[depth, 4]`; rows that are missing become zeros.
private func pack(
  _ operand: MatrixOperand, rows: Int, panel: Int, depths: Range<Int>, into target: UnsafeMutablePointer<Double>
) {
  let first = panel * tileSide
  var out = target + first * depths.count
  for depth in depths {
    var source = operand.start + (first &* operand.rowStride &+ depth &* operand.depthStride)
    for r in 0..<tileSide {
      out[r] = first + r < rows ? source[0] : 0
      source += operand.rowStride
    }
    out += tileSide
  }
}

/// Sums a tile and adds it to the part of `sums` that begins at `row` and `column`.
private func addTile(
  _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ depth: Int, _ factor: Double, to sums: MatrixSums,
  _ row: Int, _ column: Int
) {
  typealias Vector = SIMD4<Double>
  var (sum0, sum1, sum2, sum3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
  var (a, b) = (a, b)
  for _ in 0..<depth {
    let right = UnsafeRawPointer(b).loadUnaligned(as: Vector.self)
    sum0 += a[0] * right
    sum1 += a[1] * right
    sum2 += a[2] * right
    sum3 += a[3] * right
    a += tileSide
    b += tileSide
  }
  let out = sums.start + row * sums.stride + column
  let (height, width) = (min(tileSide, sums.rows - row), min(tileSide, sums.columns - column))
  func add(_ sum: Vector, _ r: Int) {
    if r >= height { return }
    for c in 0..<width { out[r * sums.stride + c] += factor * sum[c] }
  }
  add(sum0, 0)
  add(sum1, 1)
  add(sum2, 2)
  add(sum3, 3)
}
