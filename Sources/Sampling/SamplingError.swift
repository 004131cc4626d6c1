import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import DiffusionText

/// Why a request cannot be drawn. Every description is one sentence that says what to do. Settings are spelled as on
/// the command line (`--guidance-interval` is `SamplingRequest.guidanceInterval`).
public enum SamplingError: Error, Equatable, CustomStringConvertible {
  /// The model cannot be opened.
  case model(ModelError)
  /// A file cannot be read.
  case file(FileError)
  /// An image or array cannot be used.
  case image(ImageError)
  /// The requested steps do not exist.
  case spacing(SpacingError)
  /// A classifier was given as the model.
  case classifierAsModel(model: String)
  /// The model's data are not images.
  case dimensions(model: String, Int)
  /// The request is invalid or contradicts itself.
  case request(String)
  /// No sampler has this name.
  case unknownSampler(String, known: [String])
  /// The sampler is not defined for the model's process.
  case undefinedSampler(String, model: String, defined: [String])
  /// Guidance without a null class.
  case noNullClass(model: String)
  /// An interval for guidance, but no guidance.
  case intervalWithoutGuidance
  /// An interval for guidance beyond the last timestep.
  case interval(ClosedRange<Int>, last: Int)
  /// Classes for a model that has none.
  case noClasses(model: String)
  /// The model has no such class.
  case unknownClass(String, known: KnownClasses, suggestion: String?)
  /// Something other than a classifier was given as one.
  case notAClassifier(path: String, kind: String)
  /// A classifier for another image size or channel count than the model's; both are given.
  case classifierSize(path: String, size: Int, channels: Int, model: String, modelSize: Int, modelChannels: Int)
  /// A classifier with fewer classes than the model.
  case classifierClasses(path: String, Int, model: String, Int)
  /// A super-resolution model without a low-resolution input.
  case nothingToEnlarge(model: String)
  /// A low-resolution input for a model that does not upscale.
  case enlargesNothing(model: String)
  /// A low-resolution input larger than the output.
  case lowResSize(path: String, width: Int, height: Int, model: String, size: Int)
  /// A label in a file that is not one of the model's classes.
  case strayLabel(path: String, Int, model: String, classes: Int)
  /// Noise of the wrong shape.
  case noiseShape(path: String, found: [Int], needed: [Int])
  /// Noise with a NaN or an infinity in it.
  case noiseNotFinite(path: String)
  /// An initial image for a super-resolution model.
  case initImageToEnlarge(model: String)
  /// A strength that amounts to less than one step.
  case strength(Double, steps: Int)
  /// Images to encode with a super-resolution model.
  case inputsToEnlarge(model: String)
  /// Images to encode whose size is not the model's.
  case inputSize(path: String, width: Int, height: Int, model: String, size: Int)
  /// Neither one class for all images nor one for each.
  case inputClasses(Int, pictures: Int)
  /// An image whose class has to be given, with an example class.
  case inputClassUnknown(picture: String, model: String, example: String)
  /// Several images in a file given as one end of an interpolation.
  case severalPictures(path: String, Int)
  /// Two classes for an interpolation, which is drawn as one.
  case twoClasses(String, String)

  /// One sentence.
  public var description: String {
    switch self {
    case .model(let error): error.description
    case .file(let error): error.description
    case .image(let error): error.description
    case .spacing(let error): error.description
    case .classifierAsModel(let model):
      """
      \(model): is a classifier and draws no images; give a diffusion model \
      (\(shellLine(["sample", "inspect", operand(model)])) says more)
      """
    case .dimensions(let model, let dims):
      "\(model): works on \(dims)-dimensional data, not on images"
    case .request(let problem): problem
    case .unknownSampler(let name, let known): unknownChoice("sampler", name, known)
    case .undefinedSampler(let name, let model, let defined):
      """
      --sampler \(name) is not defined for the process that \(model) was trained on; \
      type --sampler and one of \(defined.joined(separator: ", "))
      """
    case .noNullClass(let model):
      """
      --guidance needs a model with a null class, and \(model) has none that is known; \
      leave --guidance out, or type --null-class and its number if it was trained with one
      """
    case .intervalWithoutGuidance:
      "--guidance-interval needs guidance; type for instance --guidance 1.5 too"
    case .interval(let interval, let last):
      "--guidance-interval \(interval.lowerBound)-\(interval.upperBound): the model has only timesteps 0 to \(last)"
    case .noClasses(let model): "--class: \(model) has no classes; leave --class out"
    case .unknownClass(let item, let known, let suggestion):
      """
      --class: the model has no class "\(item)"; its classes are \
      \(known.text)\(suggestion.map { "; did you mean \($0)?" } ?? "")
      """
    case .notAClassifier(let path, let kind):
      "--classifier: \(path) is \(withArticle(kind)), not a classifier (EncoderUNetModel)"
    case .classifierSize(let path, let size, let channels, let model, let modelSize, let modelChannels):
      """
      --classifier: \(path) takes \(size)×\(size) images with \(channels) channels, \
      but \(model) draws \(modelSize)×\(modelSize) with \(modelChannels)
      """
    case .classifierClasses(let path, let count, let model, let classes):
      """
      --classifier: \(path) has \(count) classes, but \(model) has \(classes); \
      give one that was trained on the same data
      """
    case .nothingToEnlarge(let model):
      "\(model): is a super-resolution model and needs an image to enlarge; type for instance --low-res small.png"
    case .enlargesNothing(let model):
      "--low-res: \(model) is not a super-resolution model; leave --low-res out"
    case .lowResSize(let path, let width, let height, let model, let size):
      "\(path): has \(width)×\(height) pixels, more than the \(size)×\(size) that \(model) enlarges to"
    case .strayLabel(let path, let label, let model, let classes):
      "\(path): has the label \(label), but \(model) has \(classes) classes, 0 to \(classes - 1)"
    case .noiseShape(let path, let found, let needed): Self.noiseShape(path, found, needed)
    case .noiseNotFinite(let path): "\(path): holds NaN or infinity, of which nothing can be drawn; write it anew"
    case .initImageToEnlarge(let model):
      """
      --init-image: \(model) is a super-resolution model, which starts from noise; \
      type --low-res in place of --init-image
      """
    case .strength(let strength, let steps):
      """
      --strength \(strength) of \(steps) \(steps == 1 ? "step" : "steps") is less than one step; type \
      --strength \((1000 / Double(steps)).rounded(.up) / 1000) or more, or more --steps
      """
    case .inputsToEnlarge(let model): "\(model): is a super-resolution model; give one that draws from noise alone"
    case .inputSize(let path, let width, let height, let model, let size):
      "\(path): has \(width)×\(height) pixels, but \(model) draws \(size)×\(size); scale it to that size first"
    case .inputClasses(let given, let pictures):
      """
      --class: \(given) classes are given for \(pictures == 1 ? "one image" : "\(pictures) images"); \
      type one for all\(pictures == 1 ? "" : ", or one for each")
      """
    case .inputClassUnknown(let picture, let model, let example):
      "\(picture): \(model) needs to know its class; type for instance --class \(example)"
    case .severalPictures(let path, let count):
      "\(path): holds \(count) images, but an interpolation starts and ends with one; give a file with a single image"
    case .twoClasses(let a, let b):
      "--class: an interpolation is drawn as one class, but \(a) and \(b) are given; type one of them after --class"
    }
  }

  private static func noiseShape(_ path: String, _ found: [Int], _ needed: [Int]) -> String {
    let isCount = found.count == 4 && found.dropFirst() == needed.dropFirst() && found[0] > 0
    return "\(path): holds noise of shape \(found), but \(needed) is needed"
      + (isCount ? "; type --count \(found[0])" : "")
  }
}

/// Calls `body`, converting errors of lower layers.
func inSamplingTerms<Result>(_ body: () throws -> Result) throws(SamplingError) -> Result {
  do { return try body() } catch let error as SamplingError { throw error } catch let error as ModelError {
    throw .model(error)
  } catch let error as FileError { throw .file(error) } catch let error as ImageError {
    throw .image(error)
  } catch let error as SpacingError { throw .spacing(error) } catch {
    preconditionFailure("\(error) is not thrown here")
  }
}
