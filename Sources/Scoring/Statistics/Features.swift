import TensorCore

/// What a network says of pictures: a row of numbers for each, all of them finite.
public struct Features: Sendable {
  /// What the pictures are, for messages: a file's name, `the samples`.
  public let what: String
  /// `[N, D]`.
  public let values: Tensor

  /// The number of pictures, N.
  public var count: Int { values.shape[0] }
  /// The number of features of a picture, D.
  public var dimensions: Int { values.shape[1] }

  /// The features `values`, `[N, D]`, of the pictures `what`.
  ///
  /// - Throws: `ScoringError.notFinite` with the index of the first picture one of whose features is no number.
  public init(_ values: Tensor, of what: String) throws(ScoringError) {
    precondition(values.shape.count == 2, "features are [N, D], not \(values.shape)")
    if let index = values.firstRowWithoutNumbers {
      throw .notFinite(what: what, index: index)
    }
    self.init(checked: values, of: what)
  }

  /// Features that are known to be finite.
  init(checked values: Tensor, of what: String) {
    (self.what, self.values) = (what, values)
  }

  /// - Throws: `ScoringError.tooFew` unless there are `needed` pictures.
  func require(_ needed: Int, for measure: String) throws(ScoringError) {
    if count < needed { throw .tooFew(what: what, count: count, needed: needed, for: measure) }
  }

  /// - Throws: `ScoringError.differentFeatures` unless both have as many features for each picture.
  func requireSameDimensions(as other: Features) throws(ScoringError) {
    if dimensions != other.dimensions {
      throw .differentFeatures(what: what, dimensions, other: other.what, other.dimensions)
    }
  }
}

extension Tensor {
  /// The index of the first row of `[N, D]` that holds an infinity or a NaN, if any does.
  var firstRowWithoutNumbers: Int? {
    let (rows, width) = (shape[0], shape[1])
    return withUnsafePointer { values in
      (0..<rows).first { row in
        // Zero times a number is zero; times an infinity or a NaN it is NaN, and stays it.
        var sum: Float = 0
        for i in row * width..<(row + 1) * width { sum += values[i] * 0 }
        return sum != 0
      }
    }
  }
}
