import DiffusionBytes
import DiffusionFiles
import DiffusionImages
import DiffusionText
import Sampling
import TensorCore

/// Pictures that a model draws as they are asked for; none is stored.
public final class DrawnPictures: PictureSource {
  private let plan: SamplingPlan
  private let onStep: () throws -> Void
  private var generator: ImageGenerator
  /// The pictures drawn last, and the place of the first.
  private var drawn: (first: Int, x: Tensor)?

  /// The images of a plan.
  ///
  /// - Parameters:
  ///   - plan: what is drawn.
  ///   - onStep: called after each step of a batch; if it throws, drawing ends.
  public init(_ plan: SamplingPlan, onStep: @escaping () throws -> Void) {
    (self.plan, self.onStep) = (plan, onStep)
    generator = ImageGenerator(plan)
  }

  /// The model, and what decides its images besides.
  public var path: String {
    let steps = counted(plan.schedule.steps.count, "\(plan.sampler.title) step")
    return "\(plan.model.name), seed \(plan.seed), \(steps)" + (plan.guidance == 1 ? "" : ", guidance \(plan.guidance)")
  }
  /// The number of images of the plan.
  public var count: Int { plan.indices.count }

  /// Beside the model; nil for the embedded one, and for images that cannot be gone on with: PyTorch's stream of random
  /// numbers has to be drawn from the beginning.
  public func featuresPath(_ extractor: any FeatureExtractor) -> String? {
    guard plan.request.noiseStream != .torch else { return nil }
    return plan.model.path.map { FeatureFile.path(beside: $0, extractor) }
  }

  /// The model, and the number of the image.
  public func name(_ index: Int) -> String { "\(path), image \(plan.indices[index])" }

  /// The classes that were asked for.
  public var labels: [Int]? { plan.labels }

  /// The names of the model's classes.
  public var classNames: [String]? { plan.model.classes?.names }

  /// Of all that decides the images.
  ///
  /// - Parameter progress: not called.
  /// - Throws: what encoding JSON throws; `FileError`.
  public func fingerprint(progress: (Int, Int) -> Void) throws -> String {
    var hash = SHA256()
    hash.update(Array(try Provenance(plan, image: nil, label: nil).json().utf8))
    // Whose contents that record does not tell.
    for path in [plan.request.noise, plan.classifier?.name].compactMap(\.self) {
      hash.update(Array(try MappedFile(path: path).sha256().utf8))
    }
    return hash.hexDigest()
  }

  /// An image, drawn with its batch.
  ///
  /// - Throws: `ScoringError` if it has values that are no numbers; what `onStep` throws.
  public func picture(_ index: Int) throws -> Picture {
    if let drawn, drawn.first..<drawn.first + drawn.x.shape[0] ~= index {
      return try Picture(drawn.x, index - drawn.first)
    }
    // A batch begins where it would in a run, on which PyTorch's stream of random numbers depends.
    let first = index / plan.batch * plan.batch
    let images = Array(plan.indices[first..<min(first + plan.batch, count)])
    let x = try generator.draw(images) { _ in try onStep() }.x
    for n in images.indices where !x.rows(n..<n + 1).values.allSatisfy(\.isFinite) {
      throw ScoringError.badPicture(
        name: name(first + n), reason: "has values that are no numbers, which more steps or other weights may mend")
    }
    drawn = (first, x)
    return try Picture(x, index - first)
  }
}
