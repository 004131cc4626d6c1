import DiffusionImages
import TensorCore

/// The features of pictures, a row for each.
public struct PictureFeatures: Sendable {
  /// What pictures are compared by, `[N, D]`: what a classifier's last layer is given.
  public var pool: Tensor
  /// Features that still know where in the picture they are, `[N, D]`; nil if there are none.
  public var spatial: Tensor?
  /// The class logits, `[N, classes]`; nil if there are none.
  public var logits: Tensor?
}

/// A network that turns pictures into features.
public protocol FeatureExtractor: Sendable {
  /// What it is, for people: `Inception v3 (tensorflow)`.
  var name: String { get }
  /// What decides the features besides the pictures: the weights' fingerprint and how pictures are prepared. Features
  /// of different keys do not compare.
  var key: String { get }
  /// The width of each kind of features; 0 for a kind that it does not have.
  var widths: FeatureWidths { get }

  /// Whether the logits are of the classes that pictures' labels number; Inception's are ImageNet's.
  var tellsClasses: Bool { get }
  /// The names of these classes; nil if they have none.
  var classNames: [String]? { get }

  /// What the network is given for a picture of 8 bits with 1 or 3 channels, of any size: `[1, …]`.
  func input(_ picture: Picture) -> Tensor

  /// The features of such inputs, `[N, …]`.
  func features(of inputs: Tensor) -> PictureFeatures
}

extension FeatureExtractor {
  /// None.
  public var classNames: [String]? { nil }
}

/// The number of features of each kind.
public struct FeatureWidths: Sendable, Equatable {
  /// What pictures are compared by.
  public let pool: Int
  /// Spatial features, or 0.
  public let spatial: Int
  /// Class logits, or 0.
  public let logits: Int

  /// All of them.
  var total: Int { pool + spatial + logits }
}

/// The network that a classifier or the weights of Inception are for; one of them is given.
///
/// - Parameters:
///   - classifier: the path of a classifier.
///   - inception: the path of Inception's weights.
///   - resizing: how pictures are scaled for Inception.
/// - Throws: `ScoringError`, also if a file is neither.
public func featureExtractor(
  classifier: String?, inception: String?, resizing: InceptionResizing = .tensorFlow
) throws(ScoringError) -> any FeatureExtractor {
  if let classifier { return try ClassifierFeatures(path: classifier) }
  return try InceptionFeatures(path: inception ?? "", resizing: resizing)
}
