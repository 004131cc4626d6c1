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
  /// The pictures nearest to the reference; nil if they were not looked for.
  let nearest: [Neighbour]?
  /// How often a picture is nearer to the reference than one that was held out; nil without such pictures.
  let nearerThanHeldOut: Double?
  private let isInception: Bool
  /// What should be known of the scores, a sentence each.
  public let remarks: [String]

  /// The pictures that are nearest to a reference, those that they are among, and the reference.
  public typealias Nearest = (found: NearestReferences, pictures: any PictureSource, reference: any PictureSource)

  /// A picture and those of the reference that are nearest to it.
  struct Neighbour: Encodable {
    let picture: String
    let reference: String
    let distance: Double
    let referenceByPixels: String
    let pixelDistance: Double
  }

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
    let rightClasses: Double?
  }

  private enum CodingKeys: String, CodingKey {
    case version, features, reference, referencePictures, scores, nearest, nearerThanHeldOut
  }

  /// - Parameters:
  ///   - scores: the scores, in the order of the table.
  ///   - reference: what the pictures were compared with.
  ///   - extractor: by what.
  ///   - nearest: the pictures nearest to the reference, and the sources that name them.
  public init(
    _ scores: [Score], _ reference: ScoreReference, _ extractor: any FeatureExtractor,
    nearest: Nearest? = nil
  ) {
    var remarks: [String] = []
    for remark in scores.flatMap(\.remarks) where !remarks.contains(remark) { remarks.append(remark) }
    self.remarks = remarks
    nearerThanHeldOut = nearest?.found.nearerThanHeldOut
    self.nearest = nearest.map { found, pictures, reference in
      found.pairs.map { pair in
        Neighbour(
          picture: pictures.name(pair.picture), reference: reference.name(pair.byFeatures.reference),
          distance: pair.byFeatures.distance, referenceByPixels: reference.name(pair.byPixels.reference),
          pixelDistance: pair.byPixels.distance)
      }
    }
    version = programVersion
    features = extractor.name
    isInception = extractor is InceptionFeatures
    (self.reference, referencePictures) = (reference.path, reference.count)
    self.scores = scores.map { score in
      Row(
        name: score.path, pictures: score.count, frechetDistance: score.frechetDistance,
        spatialFrechetDistance: score.spatialDistance, kernelDistance: score.kernelDistance,
        inceptionScore: score.inceptionScore, precision: score.precisionAndRecall?.precision,
        recall: score.precisionAndRecall?.recall, rightClasses: score.rightClasses)
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
      ("right", 4, \.rightClasses),
    ]
    let shown = columns.filter { column in scores.contains { column.value($0) != nil } }
    var lines = [shown.map { right($0.title, 11) }.joined() + right("pictures", 11)]
    for row in scores {
      let values = shown.map { column in right(column.value(row).map { decimal($0, column.places) } ?? "-", 11) }
      lines.append(values.joined() + right(grouped(row.pictures), 11) + "  \(escapingControls(row.name))")
    }
    let whose = referencePictures.map { "\(counted($0, "picture")) of \(reference)" } ?? "the moments in \(reference)"
    lines.append("against \(escapingControls(whose)), by the features of \(escapingControls(features))")
    if let nearest {
      lines += ["", "  distance    pixels  picture; the nearest by features; the nearest by pixels"]
      for pair in nearest {
        let names = [pair.picture, pair.reference, pair.referenceByPixels].map(escapingControls).joined(separator: "; ")
        lines.append(right(decimal(pair.distance, 4), 10) + right(decimal(pair.pixelDistance, 4), 10) + "  \(names)")
      }
    }
    if let share = nearerThanHeldOut {
      lines.append(
        "\(decimal(100 * share, 1)) % of the time a picture is nearer to the reference than one that was held out is; "
          + "50 % is as free as can be, more is copying")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
