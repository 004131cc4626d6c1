import TensorCore

/// What pictures are compared with: other pictures, or the moments of their features that somebody has saved.
public struct ScoreReference: Sendable {
  /// The file or folder, as it was named.
  public let path: String
  /// The number of pictures; nil if only moments are known.
  public let count: Int?
  let pool: FeatureMoments
  let spatial: FeatureMoments?
  /// The features of the pictures; nil if only moments are known.
  let features: Features?

  /// Pictures with these features.
  ///
  /// - Throws: `ScoringError.notFinite`, `.tooFew`.
  public init(_ features: PictureFeatures, path: String) throws(ScoringError) {
    self.path = path
    let known = try Features(features.pool, of: path)
    (self.features, count) = (known, known.count)
    pool = try FeatureMoments(of: known)
    spatial = try features.spatial.map { spatial throws(ScoringError) in
      try FeatureMoments(of: try Features(spatial, of: path))
    }
  }

  /// Moments that were saved.
  ///
  /// - Throws: `ScoringError.otherFeatures` if the network has others.
  public init(
    _ moments: ReferenceMoments, path: String, _ extractor: any FeatureExtractor
  ) throws(ScoringError) {
    (self.path, features, count) = (path, nil, nil)
    (pool, spatial) = (moments.pool, extractor.widths.spatial > 0 ? moments.spatial : nil)
    for (found, needed) in [(pool, extractor.widths.pool)] + (spatial.map { [($0, extractor.widths.spatial)] } ?? [])
    where found.dimensions != needed {
      throw .otherFeatures(path: path, width: found.dimensions, needed: needed, network: extractor.name)
    }
  }
}
