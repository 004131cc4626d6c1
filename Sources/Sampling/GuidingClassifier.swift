import DiffusionCore
import DiffusionFiles
import DiffusionModels
import TensorCore

/// A classifier of noisy images whose gradient guides sampling (Dhariwal & Nichol 2021, §4).
public struct GuidingClassifier: Sendable {
  /// The file.
  public let name: String
  /// Its classes.
  public let classes: KnownClasses
  /// s, the gradient scale.
  public let scale: Double
  private let network: any NoisyClassifier

  /// Loads the classifier at `path` to guide `model`.
  ///
  /// - Throws: `SamplingError`, also if the file is not a classifier or its image size, channels or classes
  ///   do not fit the model.
  init(path: String, scale: Double, for model: DiffusionModel) throws(SamplingError) {
    let source = try inSamplingTerms { try ModelSource(path: path) }
    let (found, drawn) = (source.specification, model.specification)
    guard found.task == .classification, let classCount = found.classCount else {
      throw .notAClassifier(path: path, kind: found.kind)
    }
    if drawn.process.continuous != nil {
      throw .request(
        """
        --classifier is told timesteps, which \(model.name) does not have, as its process is \
        \(drawn.process.name); leave --classifier out
        """)
    }
    guard drawn.autoencoder == nil else {
      throw .request("--classifier knows pictures, but \(model.name) draws latents; leave --classifier out")
    }
    guard found.imageSize == drawn.imageSize, found.imageChannels == drawn.imageChannels else {
      throw .classifierSize(
        path: path, size: found.imageSize, channels: found.imageChannels, model: model.name,
        modelSize: drawn.imageSize, modelChannels: drawn.imageChannels)
    }
    guard found.dimensions == 2 else { throw .dimensions(model: path, found.dimensions) }
    network = try inSamplingTerms { try source.classifier(takesGradients: true) }
    if let classes = drawn.classCount, let last = drawn.drawableClasses.max(), last >= classCount {
      throw .classifierClasses(path: path, classCount, model: model.name, classes)
    }
    (name, self.scale) = (source.name, scale)
    classes = KnownClasses(count: classCount, names: found.classNames)
  }

  /// The gradient of s · log p(y | x_t) for noisy images `x`, `[N, C, H, W]`, with timesteps and labels `[N]`.
  public func gradient(_ x: Tensor, _ timesteps: [Float], _ labels: [Int]) -> Tensor {
    let scale = Float(scale)
    return network.logProbabilityGradient(x, timesteps: timesteps, labels: labels).map { scale * $0 }
  }
}
