import TensorCore

/// Features of all kinds, a row for each picture, as they are kept in a file: pool, spatial, logits.
struct FeatureRows {
  let widths: FeatureWidths
  private(set) var values: [Float] = []

  init(_ widths: FeatureWidths, capacity: Int) {
    self.widths = widths
    values.reserveCapacity(capacity * widths.total)
  }

  /// The number of rows.
  var count: Int { values.count / widths.total }

  /// Whether all features of a row are numbers.
  func isFinite(_ row: Int) -> Bool { values[row * widths.total..<(row + 1) * widths.total].allSatisfy(\.isFinite) }

  /// Removes the last row.
  mutating func removeLast() { values.removeLast(widths.total) }

  /// Appends whole rows.
  mutating func append(_ rows: some Collection<Float>) { values.append(contentsOf: rows) }

  /// Appends the features of further pictures, and returns them as rows.
  @discardableResult
  mutating func append(_ features: PictureFeatures) -> ArraySlice<Float> {
    let begin = values.count
    for n in 0..<features.pool.shape[0] {
      for (part, width) in [
        (features.pool, widths.pool), (features.spatial, widths.spatial), (features.logits, widths.logits),
      ] {
        guard let part else { continue }
        part.withUnsafePointer { values.append(contentsOf: UnsafeBufferPointer(start: $0 + n * width, count: width)) }
      }
    }
    return values[begin...]
  }

  /// The features by kind.
  var features: PictureFeatures {
    func part(_ offset: Int, _ width: Int) -> Tensor? {
      guard width > 0 else { return nil }
      return Tensor([count, width]) { out in
        for n in 0..<count {
          for i in 0..<width { out[n * width + i] = values[n * widths.total + offset + i] }
        }
      }
    }
    return PictureFeatures(
      pool: part(0, widths.pool) ?? Tensor(zeros: [count, 0]), spatial: part(widths.pool, widths.spatial),
      logits: part(widths.pool + widths.spatial, widths.logits))
  }
}
