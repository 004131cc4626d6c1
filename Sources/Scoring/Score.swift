import DiffusionText
import TensorCore

/// How good pictures are, by the measures of guided-diffusion's evaluator and the kernel distance.
public struct Score: Sendable {
  /// The file or folder, or the model that draws them.
  public let path: String
  /// The number of pictures.
  public let count: Int
  /// The Fréchet distance of the features (Heusel et al. 2017), FID with Inception's: the smaller, the better.
  public let frechetDistance: Double
  /// The same of spatial features (Nash et al. 2021), sFID; nil if the network or the reference has none.
  public let spatialDistance: Double?
  /// The kernel distance (Bińkowski et al. 2018), KID: the unbiased estimate from all pairs; nil without the
  /// reference's pictures.
  public let kernelDistance: Double?
  /// The Inception Score (Salimans et al. 2016), or that of the classifier; nil if its last layer is not known.
  public let inceptionScore: Double?
  /// Precision and recall (Kynkäänniemi et al. 2019), with 3 neighbours; nil without the reference's pictures.
  public let precisionAndRecall: PrecisionAndRecall?
  /// The share of pictures, 0 to 1, that a classifier takes for what they should be; nil without one or without labels.
  public let rightClasses: Double?
  /// What should be known of these numbers, a sentence each.
  public let remarks: [String]

  /// Measures pictures.
  ///
  /// - Parameters:
  ///   - features: their features.
  ///   - labels: the classes that they should be of, numbered as the features' logits; nil if there are none.
  ///   - path: what they are called.
  ///   - reference: what they should be like.
  ///   - progress: called now and then with a measure and the part of it that is done.
  /// - Throws: `ScoringError`.
  public init(
    _ features: PictureFeatures, labels: [Int]? = nil, path: String, against reference: ScoreReference,
    progress: (_ measure: String, _ done: Int, _ of: Int) -> Void = { _, _, _ in }
  ) throws(ScoringError) {
    let pool = try Features(features.pool, of: path)
    (self.path, count) = (path, pool.count)
    let moments = try FeatureMoments(of: pool)
    frechetDistance = try DiffusionScoring.frechetDistance(moments, reference.pool)
    guard frechetDistance.isFinite else {
      throw .notMoments(what: reference.path, because: "the distance to them is too large for a number")
    }
    if let known = reference.spatial, let spatial = features.spatial {
      let moments = try FeatureMoments(of: try Features(spatial, of: path))
      spatialDistance = try DiffusionScoring.frechetDistance(moments, known)
    } else {
      spatialDistance = nil
    }
    let logits = try features.logits.map { logits throws(ScoringError) in try Features(logits, of: path) }
    inceptionScore = try logits.map { logits throws(ScoringError) in
      try DiffusionScoring.inceptionScore(logits: logits)
    }
    rightClasses = Self.shareOfRight(features, labels)
    if let known = reference.features, let mean = reference.kernelMean, let radii = reference.radii {
      kernelDistance = try DiffusionScoring.kernelDistance(pool, known, meanWithinSecond: mean) {
        progress("the kernel distance", $0, $1)
      }
      precisionAndRecall = try DiffusionScoring.precisionAndRecall(pool, references: known, radii: radii) {
        progress("precision and recall", $0, $1)
      }
    } else {
      (kernelDistance, precisionAndRecall) = (nil, nil)
    }
    remarks =
      [
        moments.remark, reference.pool.remark, Self.remark(kernelDistance: kernelDistance, path: path),
        try Self.remark(sorted: logits, path: path),
      ].compactMap(\.self)
      + Self.notMeasured(features, rightClasses == nil ? labels : nil, path: path, reference)
  }

  /// What was measured, by the names that it has in JSON and in the logs of runs.
  public var measures: [(key: String, value: Double)] {
    let all: [(key: String, value: Double?)] = [
      ("frechet_distance", frechetDistance), ("spatial_frechet_distance", spatialDistance),
      ("kernel_distance", kernelDistance), ("inception_score", inceptionScore),
      ("precision", precisionAndRecall?.precision), ("recall", precisionAndRecall?.recall),
      ("right_classes", rightClasses),
    ]
    return all.compactMap { key, value in value.map { (key, $0) } }
  }

  /// The measures in a line.
  public var summary: String {
    measures.map { "\($0.key) \(decimal($0.value, $0.key == "kernel_distance" ? 6 : 4))" }.joined(separator: ", ")
  }

  /// The share of pictures whose largest logit is that of their label; nil if that cannot be said.
  private static func shareOfRight(_ features: PictureFeatures, _ labels: [Int]?) -> Double? {
    guard let logits = features.logits, let labels, labels.allSatisfy((0..<logits.shape[1]).contains) else {
      return nil
    }
    let right = labels.indices.count { n in
      let row = logits.rows(n..<n + 1).values
      return row.indices.max { row[$0] < row[$1] } == labels[n]
    }
    return Double(right) / Double(labels.count)
  }

  /// What to say of the Inception Score of pictures that are sorted by class: each of its splits has few classes then.
  private static func remark(sorted logits: Features?, path: String) throws(ScoringError) -> String? {
    guard let logits else { return nil }
    // A smaller split at the end lowers the mean of any pictures.
    let splits = logits.count / inceptionScoreSplit
    guard splits > 1 else { return nil }
    let full = Features(checked: logits.values.rows(0..<splits * inceptionScoreSplit), of: path)
    let whole = try DiffusionScoring.inceptionScore(logits: full, splitSize: full.count)
    // Of pictures in random order, the score of all is a little larger than that of parts, as more classes are seen.
    guard whole > 1.3 * (try DiffusionScoring.inceptionScore(logits: full)) else { return nil }
    return "\(sanitized(path)): its pictures seem to be sorted by class, and the Inception Score is the mean of those "
      + "of \(grouped(inceptionScoreSplit)) at a time; the score of all of them together is \(decimal(whole, 3))"
  }

  /// What to say of a kernel distance below 0.
  private static func remark(kernelDistance: Double?, path: String) -> String? {
    guard let kernelDistance, kernelDistance < 0 else { return nil }
    return "\(sanitized(path)): its kernel distance is below 0, as happens where sets cannot be told apart; pictures "
      + "drawn in turn, equally many of each class, make it too low, the fewer the lower"
  }

  /// Which measures are missing, and why.
  ///
  /// - Parameter labels: those that were of no use.
  private static func notMeasured(
    _ features: PictureFeatures, _ labels: [Int]?, path: String, _ reference: ScoreReference
  ) -> [String] {
    var remarks: [String] = []
    if labels != nil, let classes = features.logits?.shape[1] {
      remarks.append(
        "\(sanitized(path)): has labels of classes that the classifier does not know, which has "
          + "\(counted(classes, "class")): how many pictures are of the right one is not counted")
    }
    if features.logits == nil {
      remarks.append("these weights have no last layer, without which there is no Inception Score")
    }
    if reference.features == nil {
      remarks.append("the reference has moments only: kernel distance, precision and recall need its pictures")
    }
    if features.spatial != nil && reference.spatial == nil {
      remarks.append("the reference has no spatial moments (mu_s and sigma_s), without which there is no sFID")
    }
    return remarks
  }
}
