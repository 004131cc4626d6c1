import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import DiffusionText

/// Why what a request asks for cannot be drawn. Every description is one sentence that says what to do; settings are spelled in it as the
/// command line spells them (`--guidance-interval` is `SamplingRequest.guidanceInterval`).
public enum SamplingError: Error, Equatable, CustomStringConvertible {
  /// The model cannot be opened.
  case model(ModelError)
  /// A file that is named cannot be read.
  case file(FileError)
  /// A picture or an array that is named cannot be used.
  case image(ImageError)
  /// There are no such steps.
  case spacing(SpacingError)
  /// A model that draws nothing.
  case classifierAsModel(model: String)
  /// A model of other data than pictures.
  case dimensions(model: String, Int)
  /// What of the request cannot be, or not together.
  case request(String)
  /// No sampler has this name.
  case unknownSampler(String, known: [String])
  /// A sampler that is not defined for the model's process.
  case undefinedSampler(String, model: String)
  /// Guidance without a class that stands for none.
  case noNullClass(model: String)
  /// Timesteps for guidance, but no guidance.
  case intervalWithoutGuidance
  /// Timesteps for guidance beyond those that there are.
  case interval(ClosedRange<Int>, last: Int)
  /// Classes of a model that has none.
  case noClasses(model: String)
  /// A class that there is not.
  case unknownClass(String, known: KnownClasses, suggestion: String?)
  /// A model where a classifier is needed.
  case notAClassifier(path: String, kind: String)
  /// A classifier of pictures of another size than the model draws; sizes and channels of both.
  case classifierSize(path: String, size: Int, channels: Int, model: String, modelSize: Int, modelChannels: Int)
  /// A classifier that knows fewer classes than the model.
  case classifierClasses(path: String, Int, model: String, Int)
  /// A super-resolution model with nothing to enlarge.
  case nothingToEnlarge(model: String)
  /// Something to enlarge, for a model that enlarges nothing.
  case enlargesNothing(model: String)
  /// Something to enlarge that is larger than what it should become.
  case lowResSize(path: String, width: Int, height: Int, model: String, size: Int)
  /// A label in a file that is none of the model's classes.
  case strayLabel(path: String, Int, model: String, classes: Int)
  /// Noise of another shape than is needed.
  case noiseShape(path: String, found: [Int], needed: [Int])
  /// A picture to start from, for a super-resolution model.
  case initImageToEnlarge(model: String)
  /// A fraction of the steps that is less than one.
  case strength(Double, steps: Int)
  /// Pictures to be encoded, for a super-resolution model.
  case inputsToEnlarge(model: String)
  /// Pictures to be encoded of another size than the model draws.
  case inputSize(path: String, width: Int, height: Int, model: String, size: Int)
  /// Neither one class for all pictures nor one for each.
  case inputClasses(Int, pictures: Int)
  /// A picture whose class must be said; an example of one.
  case inputClassUnknown(picture: String, model: String, example: String)
  /// Several pictures where an interpolation has one end.
  case severalPictures(path: String, Int)
  /// Two classes, of an interpolation that is drawn as one.
  case twoClasses(String, String)

  /// One sentence.
  public var description: String {
    switch self {
    case .model(let error): error.description
    case .file(let error): error.description
    case .image(let error): error.description
    case .spacing(let error): error.description
    case .classifierAsModel(let model):
      "\(model): is a classifier, which says what a picture shows and draws none; give a diffusion model (sample inspect \(model) says more)"
    case .dimensions(let model, let dims):
      "\(model): works on data of \(dims) \(dims == 1 ? "dimension" : "dimensions"), not on images, which have 2"
    case .request(let problem): problem
    case .unknownSampler(let name, let known): unknownChoice("sampler", name, known)
    case .undefinedSampler(let name, let model):
      "--sampler \(name) is not defined for the process that \(model) was trained on; type --sampler unipc"
    case .noNullClass(let model):
      "--guidance needs a model that was trained with a null class, and none is known of \(model); type --null-class, or leave --guidance out"
    case .intervalWithoutGuidance:
      "--guidance-interval says when to guide, but there is no guidance; type --guidance 1.5 too"
    case .interval(let interval, let last):
      "--guidance-interval \(interval.lowerBound)-\(interval.upperBound): the process has only the timesteps 0 to \(last)"
    case .noClasses(let model): "--class: \(model) has no classes; leave --class out"
    case .unknownClass(let item, let known, let suggestion):
      "--class: the model has no class \"\(item)\"; its classes are \(known.text)\(suggestion.map { "; did you mean \($0)?" } ?? "")"
    case .notAClassifier(let path, let kind):
      "--classifier: \(path) is a \(kind), not a classifier (EncoderUNetModel)"
    case .classifierSize(let path, let size, let channels, let model, let modelSize, let modelChannels):
      "--classifier: \(path) looks at pictures of \(size)×\(size) and \(channels) channels, but \(model) draws \(modelSize)×\(modelSize) and \(modelChannels)"
    case .classifierClasses(let path, let count, let model, let classes):
      "--classifier: \(path) knows \(count) classes, but \(model) has \(classes); take one that was trained on the same data"
    case .nothingToEnlarge(let model):
      "\(model): enlarges pictures, and none is given; type for instance --low-res small.png"
    case .enlargesNothing(let model):
      "--low-res: \(model) draws pictures of its own and enlarges none; leave --low-res out"
    case .lowResSize(let path, let width, let height, let model, let size):
      "\(path): \(width)×\(height) pixels are more than the \(size)×\(size) that \(model) enlarges to"
    case .strayLabel(let path, let label, let model, let classes):
      "\(path): has the label \(label), but \(model) has \(classes) classes, 0 to \(classes - 1)"
    case .noiseShape(let path, let found, let needed): Self.noiseShape(path, found, needed)
    case .initImageToEnlarge(let model):
      "--init-image: \(model) enlarges pictures, and starts from noise; type --low-res in place of --init-image"
    case .strength(let strength, let steps):
      "--strength \(strength) of \(steps) \(steps == 1 ? "step" : "steps") leaves none; type --strength \((1000 / Double(steps)).rounded(.up) / 1000) or more, or more --steps"
    case .inputsToEnlarge(let model): "\(model): enlarges pictures; give a model that draws them from noise alone"
    case .inputSize(let path, let width, let height, let model, let size):
      "\(path): has \(width)×\(height) pixels, but \(model) draws \(size)×\(size); scale it to that size first"
    case .inputClasses(let given, let pictures):
      "--class: \(given) classes are given for \(pictures == 1 ? "one picture" : "\(pictures) pictures"); type one for all\(pictures == 1 ? "" : ", or one for each")"
    case .inputClassUnknown(let picture, let model, let example):
      "\(picture): \(model) needs to know what it shows; type --class and its class, for instance --class \(example)"
    case .severalPictures(let path, let count):
      "\(path): holds \(count) pictures, but an end of an interpolation is one; give a file with that one"
    case .twoClasses(let a, let b):
      "--class: what lies between is drawn as one class, but \(a) and \(b) are given; type one of them after --class"
    }
  }

  private static func noiseShape(_ path: String, _ found: [Int], _ needed: [Int]) -> String {
    let isCount = found.count == 4 && found.dropFirst() == needed.dropFirst() && found[0] > 0
    return "\(path): holds noise of shape \(found), but \(needed) is needed"
      + (isCount ? "; type --count \(found[0])" : "")
  }
}

/// Calls `body`, and puts what a lower layer throws in this one's terms.
func inSamplingTerms<Result>(_ body: () throws -> Result) throws(SamplingError) -> Result {
  do { return try body() } catch let error as SamplingError { throw error } catch let error as ModelError {
    throw .model(error)
  } catch let error as FileError { throw .file(error) } catch let error as ImageError {
    throw .image(error)
  } catch let error as SpacingError { throw .spacing(error) } catch {
    preconditionFailure("\(error) is not thrown here")
  }
}
