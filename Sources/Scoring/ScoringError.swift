import DiffusionBytes
import DiffusionCheckpoints
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import DiffusionText
import DiffusionTraining

/// Why pictures cannot be scored. Every description is one sentence.
public enum ScoringError: Error, Equatable, CustomStringConvertible {
  /// A file cannot be read or written.
  case file(FileError)
  /// The file that should keep features cannot be written.
  case notKept(FileError)
  /// An array or picture is invalid.
  case image(ImageError)
  /// A folder holds no pictures.
  case dataset(DatasetError)
  /// A classifier cannot be used.
  case model(ModelError)
  /// There is no such file or folder.
  case noSuchPath(String)
  /// The file is one picture.
  case onePicture(path: String)
  /// The file holds no pictures.
  case notPictures(path: String)
  /// The file is something else.
  case content(path: String, PictureContent)
  /// The archive is damaged.
  case tar(path: String, TarFault)
  /// A picture cannot be read, or is none.
  case badPicture(name: String, reason: String)
  /// Some pictures of so many cannot be read.
  case badPictures([BadPicture], of: Int, path: String)
  /// Pictures have changed while their features were computed.
  case changed(path: String)
  /// Pictures that should be held out are those of the reference.
  case heldOutIsReference
  /// The folder is that of a training run.
  case trainingRun(path: String)
  /// Pixels are not uint8.
  case pixelType(path: String, array: String, type: String)
  /// Pixels do not have the shape of pictures.
  case pixelShape(path: String, array: String, shape: [Int])
  /// The array holds pixels, but is of a kind of file that holds numbers.
  case pixelsAsNumbers(path: String, shape: [Int])
  /// The file holds moments of features in place of pictures.
  case momentsAsPictures(path: String)
  /// Numbers do not have the shape of pictures.
  case numberShape(path: String, shape: [Int])
  /// Means and covariances do not fit one another.
  case momentShapes(path: String, mean: [Int], covariance: [Int])
  /// Means or covariances are no floating-point numbers.
  case momentType(path: String, array: String, type: String)
  /// The reference was made with other features.
  case otherFeatures(path: String, width: Int, needed: Int, network: String)
  /// The model is no classifier.
  case notAClassifier(path: String, kind: String)
  /// Features that are no numbers; the index is that of their first row, from 0.
  case notFinite(what: String, index: Int)
  /// Fewer pictures than a measure needs.
  case tooFew(what: String, count: Int, needed: Int, for: String)
  /// Features of different networks: different numbers of them for each picture.
  case differentFeatures(what: String, Int, other: String, Int)
  /// Numbers that cannot be a mean and a covariance.
  case notMoments(what: String, because: String)
  /// The file of a network cannot be read, or lacks a tensor, or has one of another shape.
  case weights(CheckpointError)
  /// There is no file with the weights of Inception, but perhaps a folder.
  case noInception(path: String, isFolder: Bool)
  /// The weights of Inception in place of a classifier.
  case inceptionAsClassifier(path: String)
  /// The file holds another network than Inception v3.
  case notInception(file: String)
  /// The file holds Inception v3 as it was trained for ImageNet's 1,000 classes.
  case imageNetInception(file: String)
  /// A tensor of a network has values that are no numbers, or its variances are negative.
  case damagedWeights(file: String, tensor: String)

  /// One sentence that describes the error and what to do.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .notKept(let error): "\(error); --no-keep keeps no features"
    case .image(let error): error.description
    case .dataset(let error): error.description
    case .model(let error): error.description
    case .noSuchPath(let path): "\(sanitized(path)): there is no such file or folder"
    case .onePicture(let path):
      "\(sanitized(path)): is one picture; give the folder that holds all of them, a .tar or a .npz"
    case .notPictures(let path):
      "\(sanitized(path)): holds no pictures; give a folder of PNGs or JPEGs, a .tar of them, or a .npz"
    case .content(let path, let content): "\(sanitized(path)): \(content)"
    case .tar(let path, let fault): "\(sanitized(path)): \(sanitized("\(fault)"))"
    case .badPicture(let name, let reason): "\(sanitized(name)): \(sanitized(reason))"
    case .badPictures(let bad, let count, _) where bad.count == 1 && count > 1:
      "\(sanitizedLine(bad[0].reason)); mend or remove it, or type --skip-bad to go on without it"
    case .badPictures(let bad, let count, let path):
      "\(sanitized(path)): \(PictureFilesFault.bad(bad, of: count))"
    case .changed(let path):
      """
      \(sanitized(path)): its pictures have changed while their features were computed; try again once they stay as \
      they are
      """
    case .heldOutIsReference: "--held-out holds the reference's own pictures; give others like them"
    case .trainingRun(let path):
      "\(sanitized(path)): is the folder of a training run, not of pictures; to score what it draws, type "
        + "\(shellLine(["--model", operand(path)]))"
    case .pixelType(let path, let array, let type):
      "\(sanitized(path)): array \(array) holds elements of type \(sanitized(type)), but pixels are uint8, 0 to 255"
    case .pixelShape(let path, let array, let shape):
      """
      \(sanitized(path)): array \(array) has the shape \(shape), but pictures are [N, H, W] or [N, H, W, C] with 1 or \
      3 channels
      """
    case .pixelsAsNumbers(let path, let shape):
      "\(sanitized(path)): holds pixels, which are read from a .npz; type numpy.savez('x.npz', arr_0="
        + "\(ArrayAdvice.pictures(shape, channels: [1, 3]) ?? "array"))"
    case .momentsAsPictures(let path):
      "\(sanitized(path)): holds means and covariances, not pictures; they go after --reference"
    case .numberShape(let path, let shape):
      "\(sanitized(path)): holds an array of shape \(shape), but pictures are [N, C, H, W] with 1 or 3 channels"
    case .momentShapes(let path, let mean, let covariance):
      "\(sanitized(path)): has means of shape \(mean) and a covariance of shape \(covariance), not [D], [D, D]"
    case .momentType(let path, let array, let type):
      "\(sanitized(path)): array \(array) holds elements of type \(sanitized(type)); save array.astype('<f8')"
    case .otherFeatures(let path, let width, let needed, let network):
      """
      \(sanitized(path)): was made with \(width) features, but \(sanitized(network)) has \(needed); give the pictures \
      themselves, or the network that it was made with
      """
    case .notAClassifier(let path, let kind):
      "\(sanitized(path)): is \(withArticle(kind)), not a classifier of noisy images; train --classifier makes one"
    case .notFinite(let what, let index):
      "\(sanitized(what)): the features of picture \(index) are no numbers; look at it, and at the weights"
    case .weights(let error): error.description
    case .notInception(let file):
      """
      \(sanitized(file)): is not the Inception v3 of FID (a classifier of your own goes after --features); give \
      \(inceptionWeightsAdvice)
      """
    case .imageNetInception(let file):
      """
      \(sanitized(file)): is torchvision's Inception v3, other weights than those that FID is defined by; give \
      \(inceptionWeightsAdvice)
      """
    case .noInception(let path, let isFolder):
      """
      \(sanitized(path)): \(isFolder ? "is a folder, not a file" : "there is no such file"); the weights of Inception \
      are in \(inceptionWeightsAdvice)
      """
    case .inceptionAsClassifier(let path):
      "\(sanitized(path)): is Inception v3, which goes after --inception in place of --features"
    case .damagedWeights(let file, let tensor):
      "\(sanitized(file)): tensor \(sanitized(tensor)) has values that no training leaves; copy or download it again"
    case .tooFew(let what, let count, let needed, let measure):
      "\(sanitized(what)): \(counted(count, "picture")) \(count == 1 ? "is" : "are") too few for \(measure); "
        + "\(grouped(needed)) are needed"
    case .differentFeatures(let what, let count, let other, let otherCount):
      "\(sanitized(what)) has \(counted(count, "feature")) for each picture and \(sanitized(other)) "
        + "\(grouped(otherCount)): score both with the same network"
    case .notMoments(let what, let reason):
      "\(sanitized(what)): its mu and sigma are no mean and covariance: \(reason)"
    }
  }
}

/// Calls `body`, converting errors of lower layers.
func inScoringTerms<Result>(_ body: () throws -> Result) throws(ScoringError) -> Result {
  do { return try body() } catch let error as FileError { throw .file(error) } catch {
    preconditionFailure("\(error) is not thrown here")
  }
}
