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
  public let features: Features?
  /// What the kernel distance and precision and recall need of the pictures alone.
  let kernelMean: Double?
  let radii: [Double]?

  /// Pictures, moments that were saved, or both: then the Fréchet distances are those to the moments, and the pictures
  /// serve the other measures, as guided-diffusion's evaluator takes its reference batches.
  ///
  /// - Parameters:
  ///   - moments: what was saved; nil if there is nothing but pictures.
  ///   - pictures: the features of the pictures; nil if there are none.
  ///   - path: what they are called.
  ///   - extractor: the network that the features are of.
  ///   - progress: called now and then with a measure and the part that is done of what it needs of the reference.
  /// - Throws: `ScoringError.otherFeatures` if the moments are those of another network; `.notFinite`, `.tooFew`.
  public init(
    _ moments: ReferenceMoments?, pictures: PictureFeatures?, path: String, _ extractor: any FeatureExtractor,
    progress: (_ measure: String, _ done: Int, _ of: Int) -> Void = { _, _, _ in }
  ) throws(ScoringError) {
    try moments?.check(extractor, path: path)
    let known = try pictures.map { pictures throws(ScoringError) in try Features(pictures.pool, of: path) }
    (self.path, features, count) = (path, known, known?.count)
    if let moments {
      (pool, spatial) = (moments.pool, extractor.widths.spatial > 0 ? moments.spatial : nil)
    } else if let known {
      pool = try FeatureMoments(of: known)
      spatial = try pictures?.spatial.map { spatial throws(ScoringError) in
        try FeatureMoments(of: try Features(spatial, of: path))
      }
    } else {
      preconditionFailure("a reference is moments or pictures")
    }
    kernelMean = try known.map { known throws(ScoringError) in
      try meanKernel(within: known) { progress("the kernel distance", $0, $1) }
    }
    radii = try known.map { known throws(ScoringError) in
      try squaredRadii(ofReferences: known) { progress("precision and recall", $0, $1) }
    }
  }
}
