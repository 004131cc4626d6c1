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
  private let network: any NoisyClassifier
  private let specification: ModelSpecification

  /// Loads the classifier at `path`.
  ///
  /// - Throws: `ScoringError`, also if it is none.
  public init(path: String) throws(ScoringError) {
    let source: ModelSource
    do { source = try ModelSource(path: path) } catch { throw .model(error) }
    specification = source.specification
    guard specification.task == .classification, specification.dimensions == 2 else {
      throw .notAClassifier(path: path, kind: specification.kind)
    }
    do { network = try source.classifier() } catch { throw .model(error) }
    if let tensor = source.checkpoint.state.damagedTensor { throw .damagedWeights(file: source.name, tensor: tensor) }
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

  /// Pictures of another size are cut to a square and scaled, and colours turned to grey or grey repeated, as `train`
  /// does.
  public func callAsFunction(_ pictures: [Picture]) -> PictureFeatures {
    let (size, channels) = (specification.imageSize, specification.imageChannels)
    let x = Tensor([pictures.count, size, size, channels]) { out in
      for (n, picture) in pictures.enumerated() {
        let picture = picture.fitted(toSquare: size).converted(toChannels: channels)
        for (i, value) in picture.pixels.enumerated() { out[n * size * size * channels + i] = Float(value) / 127.5 - 1 }
      }
    }
    let timesteps = [Float](repeating: 0, count: pictures.count)
    let found = network.features(x.channelsFirst(), timesteps: timesteps)
    return PictureFeatures(pool: found.pool, spatial: nil, logits: found.logits)
  }
}
