import DiffusionBytes
import DiffusionPlatform
import DiffusionText

/// The results of `sample score`.
public struct ScoreReport: Sendable, Encodable {
  let version: String
  /// The network by whose features pictures were compared.
  let features: String
  let reference: String
  /// The number of pictures of the reference; nil if only moments of them are known.
  let referencePictures: Int?
  let scores: [Row]
  private let isInception: Bool

  /// The measures of one set of pictures.
  struct Row: Encodable {
    let name: String
    let pictures: Int
    let frechetDistance: Double
    let spatialFrechetDistance: Double?
    let kernelDistance: Double?
    let inceptionScore: Double?
    let precision: Double?
    let recall: Double?
  }

  private enum CodingKeys: String, CodingKey {
    case version, features, reference, referencePictures, scores
  }

  /// - Parameters:
  ///   - scores: the scores, in the order of the table.
  ///   - reference: what the pictures were compared with.
  ///   - extractor: by what.
  public init(_ scores: [Score], _ reference: ScoreReference, _ extractor: any FeatureExtractor) {
    version = programVersion
    features = extractor.name
    isInception = extractor is InceptionFeatures
    (self.reference, referencePictures) = (reference.path, reference.count)
    self.scores = scores.map { score in
      Row(
        name: score.path, pictures: score.count, frechetDistance: score.frechetDistance,
        spatialFrechetDistance: score.spatialDistance, kernelDistance: score.kernelDistance,
        inceptionScore: score.inceptionScore, precision: score.precisionAndRecall?.precision,
        recall: score.precisionAndRecall?.recall)
    }
  }

  /// A JSON object; what could not be measured is left out.
  public func json() throws -> String { try encodeJSON(self, pretty: true, snakeCase: true) + "\n" }

  /// A table with a row for each set of pictures, and a line that says what they were compared with.
  public var text: String {
    // FID and its kin are names of distances of Inception's features.
    let columns: [(title: String, places: Int, value: (Row) -> Double?)] = [
      (isInception ? "FID" : "Frechet", 3, \.frechetDistance), ("sFID", 3, \.spatialFrechetDistance),
      (isInception ? "KID" : "kernel", 6, \.kernelDistance), (isInception ? "IS" : "score", 3, \.inceptionScore),
      ("precision", 4, \.precision), ("recall", 4, \.recall),
    ]
    let shown = columns.filter { column in scores.contains { column.value($0) != nil } }
    var lines = [shown.map { right($0.title, 11) }.joined() + right("pictures", 11)]
    for row in scores {
      let values = shown.map { column in right(column.value(row).map { decimal($0, column.places) } ?? "-", 11) }
      lines.append(values.joined() + right(grouped(row.pictures), 11) + "  \(escapingControls(row.name))")
    }
    let whose = referencePictures.map { "\(counted($0, "picture")) of \(reference)" } ?? "the moments in \(reference)"
    lines.append("against \(escapingControls(whose)), by the features of \(escapingControls(features))")
    return lines.joined(separator: "\n") + "\n"
  }
}
