import DiffusionImages
import DiffusionModels
import TensorCore

/// The features of a classifier of noisy pictures at timestep 0: what its last linear layer is given.
///
/// For pictures that Inception knows nothing of, or that are far smaller than its 299 pixels: digits, emoji. Distances
/// of different classifiers do not compare.
public struct ClassifierFeatures: FeatureExtractor {
  /// The file, and the beginning of the weights' fingerprint.
  public let name: String
  /// The weights' fingerprint.
  public let key: String
  /// As many as the last layer takes, and a logit for each class.
  public let widths: FeatureWidths
  /// It was trained to.
  public let tellsClasses = true
  /// The names of the classifier's classes.
  public let classNames: [String]?
  private let network: any NoisyClassifier
  private let specification: ModelSpecification

  /// Loads the classifier at `path`.
  ///
  /// - Throws: `ScoringError`, also if it is none.
  public init(path: String) throws(ScoringError) {
    let source: ModelSource
    do { source = try ModelSource(path: path) } catch {
      throw InceptionWeights.areIn(path) ? .inceptionAsClassifier(path: path) : .model(error)
    }
    specification = source.specification
    guard specification.task == .classification, specification.dimensions == 2 else {
      throw .notAClassifier(path: path, kind: specification.kind)
    }
    do { network = try source.classifier() } catch { throw .model(error) }
    if let tensor = source.checkpoint.state.damagedTensor { throw .damagedWeights(file: source.name, tensor: tensor) }
    classNames = specification.classNames.isEmpty ? nil : specification.classNames
    let fingerprint = source.checkpoint.state.fingerprint
    name = "\(source.name) (classifier \(fingerprint.prefix(12)))"
    // The same tensors under other settings are another network.
    let settings = (try? specification.description.json()) ?? ""
    key = "classifier \(fingerprint) \(settings)"
    // The shapes are the network's; a black picture shows them.
    let black = Tensor(zeros: [1] + specification.imageShape)
    let found = network.features(black, timesteps: [0])
    widths = FeatureWidths(pool: found.pool.shape[1], spatial: 0, logits: found.logits.shape[1])
  }

  /// A picture of another size is cut to a square and scaled, and colours turned to grey or grey repeated, as `train`
  /// does: `[1, C, H, W]`.
  public func input(_ picture: Picture) -> Tensor {
    let (size, channels) = (specification.imageSize, specification.imageChannels)
    let pixels = picture.fitted(toSquare: size).converted(toChannels: channels).pixels
    return Tensor([1, size, size, channels], pixels.map { Float($0) / 127.5 - 1 }).channelsFirst()
  }

  /// The features of such pictures.
  public func features(of inputs: Tensor) -> PictureFeatures {
    let found = network.features(inputs, timesteps: [Float](repeating: 0, count: inputs.shape[0]))
    return PictureFeatures(pool: found.pool, spatial: nil, logits: found.logits)
  }
}
