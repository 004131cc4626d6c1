import TensorCore

/// Sums the mean and the covariance of features that come in parts, so that the features need not be kept.
///
///     var sums = MomentSums(dimensions: 2048, of: "the samples")
///     for batch in batches { try sums.add(features(of: batch)) }
///     let moments = try sums.moments()
///
/// Memory is two matrices of D·D doubles at most. The bits depend neither on the parts nor on the number of threads:
/// rows are summed 256 at a time, whatever they came in, as distances from the mean of the first 256, so that no digits
/// are lost to a mean that is large beside the deviations.
public struct MomentSums: Sendable {
  /// What the pictures are, for messages.
  public let what: String
  /// The number of features of a picture, D.
  public let dimensions: Int
  /// The number of pictures so far.
  public private(set) var count = 0

  private static let rowsAtOnce = 256
  /// Rows that wait until there are enough of them.
  private var waiting: [Float] = []
  /// What is subtracted from each row; empty before there is a row.
  private var origin: [Double] = []
  /// Σ (x - origin).
  private var sums: [Double]
  /// Σ (x - origin)·(x - origin)ᵀ, its lower triangle.
  private var products: [Double]

  /// No pictures yet, of `dimensions` features each.
  public init(dimensions: Int, of what: String) {
    precondition(dimensions > 0, "there are no moments of \(dimensions) features")
    self.what = what
    self.dimensions = dimensions
    sums = [Double](repeating: 0, count: dimensions)
    products = [Double](repeating: 0, count: dimensions * dimensions)
  }

  /// Adds the features of more pictures, `[n, D]`.
  ///
  /// - Throws: `ScoringError.notFinite`, and nothing is added then.
  public mutating func add(_ part: Tensor) throws(ScoringError) {
    precondition(
      part.shape.count == 2 && part.shape[1] == dimensions,
      "moments of \(dimensions) features cannot take \(part.shape)")
    if let row = part.firstRowWithoutNumbers {
      throw .notFinite(what: what, index: count + row)
    }
    var row = 0
    while row < part.shape[0] {
      let taken = min(Self.rowsAtOnce - waiting.count / dimensions, part.shape[0] - row)
      part.withUnsafePointer {
        waiting += UnsafeBufferPointer(start: $0 + row * dimensions, count: taken * dimensions)
      }
      if waiting.count == Self.rowsAtOnce * dimensions { sumWaiting() }
      row += taken
    }
    count += part.shape[0]
  }

  /// The moments of all pictures so far. More may be added afterwards.
  ///
  /// - Throws: `ScoringError.tooFew` unless there are two pictures.
  public func moments() throws(ScoringError) -> FeatureMoments {
    if count < 2 { throw .tooFew(what: what, count: count, needed: 2, for: "a covariance") }
    var all = self
    all.sumWaiting()
    return all.finished()
  }

  private mutating func sumWaiting() {
    let (rows, width) = (waiting.count / dimensions, dimensions)
    if rows == 0 { return }
    if origin.isEmpty { origin = Self.columnSums(waiting, width).map { $0 / Double(rows) } }
    let block = UnsafeMutablePointer<Double>.allocate(capacity: rows * width)
    defer { block.deallocate() }
    for row in 0..<rows {
      for i in 0..<width {
        let x = Double(waiting[row * width + i]) - origin[i]
        block[row * width + i] = x
        sums[i] += x
      }
    }
    products.withUnsafeMutableBufferPointer { products in
      guard let start = products.baseAddress else { return }
      let columns = MatrixOperand.columns(block, stride: width)
      addProduct(
        columns, columns, depth: rows, onlyLower: true,
        to: MatrixSums(start: start, stride: width, rows: width, columns: width))
    }
    waiting.removeAll(keepingCapacity: true)
  }

  private static func columnSums(_ values: [Float], _ width: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<values.count / width {
      for i in 0..<width { sums[i] += Double(values[row * width + i]) }
    }
    return sums
  }

  /// Moves the origin to the mean, divides, and mirrors the lower triangle.
  private consuming func finished() -> FeatureMoments {
    let (n, width) = (Double(count), dimensions)
    let offset = sums.map { $0 / n }
    let mean = zip(origin, offset).map { $0 + $1 }
    var covariance = products
    for i in 0..<width {
      for j in 0...i {
        let value = (products[i * width + j] - n * offset[i] * offset[j]) / (n - 1)
        covariance[i * width + j] = value
        covariance[j * width + i] = value
      }
    }
    return FeatureMoments(what: what, count: count, mean: mean, covariance: covariance)
  }
}
