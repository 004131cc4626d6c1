import DiffusionFiles
import DiffusionImages
import TensorCore

/// The features of Inception v3 as TensorFlow published it in 2015, by which FID is defined.
public struct InceptionFeatures: FeatureExtractor {
  /// The file of weights, and how pictures are scaled.
  public let name: String
  /// The same by content.
  public let key: String
  /// 2,048 before the last layer, 17 × 17 × 7 spatial ones, and logits if the file has the last layer.
  public let widths: FeatureWidths
  /// It knows ImageNet's.
  public let tellsClasses = false
  private let network: InceptionNetwork
  private let resizing: InceptionResizing

  /// Loads the weights at `path`.
  ///
  /// - Throws: `ScoringError`, also if they are not Inception's.
  public init(path: String, resizing: InceptionResizing) throws(ScoringError) {
    (network, self.resizing) = (try InceptionNetwork(path: path), resizing)
    let fingerprint = try inScoringTerms { try MappedFile(path: path) }.sha256()
    name = "Inception v3 (\(folderAndName(path).name)), scaled as \(resizing.rawValue)"
    key = "inception \(fingerprint) \(resizing.rawValue)"
    widths = FeatureWidths(
      pool: InceptionNetwork.poolFeatures, spatial: InceptionNetwork.spatialFeatures,
      logits: network.hasLogits ? InceptionNetwork.classes : 0)
  }

  /// The picture, scaled: `[1, 299, 299, 3]`.
  public func input(_ picture: Picture) -> Tensor { resizing([picture]) }

  /// The features of scaled pictures.
  public func features(of inputs: Tensor) -> PictureFeatures {
    let found = network(inputs)
    return PictureFeatures(pool: found.pool, spatial: found.spatial, logits: found.logits)
  }
}
