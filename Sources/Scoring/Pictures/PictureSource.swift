import DiffusionFiles
import DiffusionImages
import DiffusionText
import DiffusionTraining

/// Pictures to score, which are read one after another, as they are needed.
public protocol PictureSource {
  /// The file or folder, as it was named.
  var path: String { get }
  /// The number of pictures.
  var count: Int { get }

  /// The SHA-256 of the contents that make the pictures, in hexadecimal.
  ///
  /// - Parameter progress: called now and then with the number of files read and of all, if there are several.
  /// - Throws: `ScoringError`.
  func fingerprint(progress: (Int, Int) -> Void) throws -> String

  /// A picture of 8 bits and 1 or 3 channels; what is transparent is laid over black.
  ///
  /// - Parameter index: from 0 to `count` - 1.
  /// - Throws: `ScoringError`; of pictures that are drawn, also what ends the drawing.
  func picture(_ index: Int) throws -> Picture

  /// Looks at all pictures that may turn out to be none, so that this is known before hours are spent on the others.
  ///
  /// - Parameter progress: called now and then with the number of pictures looked at and of all.
  /// - Returns: those that are none, by number.
  /// - Throws: `ScoringError` if the machine is at fault.
  func findBad(progress: (Int, Int) -> Void) throws(ScoringError) -> [Int: BadPicture]

  /// The same without those that `findBad` has found, so that all others are known to be pictures.
  func leavingOut(_ bad: Set<Int>) -> any PictureSource

  /// Where features of these pictures are kept, if they are: in a file beside them. Nil if they have no place on disk.
  func featuresPath(_ extractor: any FeatureExtractor) -> String?

  /// Names a picture in errors and tables.
  func name(_ index: Int) -> String

  /// The class that each picture should be of, numbered from 0; nil if that is not known.
  var labels: [Int]? { get }
  /// The names of the classes; nil if they have none.
  var classNames: [String]? { get }
  /// What is wrong with the array of labels, and what to save instead; nil if nothing is.
  var labelsFault: String? { get }
}

extension PictureSource {
  /// Nothing to look at: an array has its shape.
  public func findBad(progress: (Int, Int) -> Void) throws(ScoringError) -> [Int: BadPicture] { [:] }

  /// The same.
  public func leavingOut(_ bad: Set<Int>) -> any PictureSource { self }

  /// - Parameter looking: called now and then with what is being done, how many are done, and of how many.
  /// - Throws: `ScoringError.badPictures` if there are any that are none.
  func check(looking: (_ stage: String, _ done: Int, _ count: Int) -> Void) throws(ScoringError) {
    let bad = try findBad { looking("looking at \(sanitized(path))", $0, $1) }
    if !bad.isEmpty { throw .badPictures(bad.sorted { $0.key < $1.key }.map(\.value), of: count, path: path) }
  }

  /// The fingerprint.
  ///
  /// - Parameter looking: called now and then with what is being done, how many are done, and of how many.
  /// - Throws: what `fingerprint(progress:)` throws; `ScoringError.badPictures` if files cannot be read.
  func fingerprint(looking: (_ stage: String, _ done: Int, _ count: Int) -> Void) throws -> String {
    do { return try fingerprint(progress: { looking("reading \(sanitized(path))", $0, $1) }) } catch {
      // It names the first picture that cannot be read; this names all.
      if case ScoringError.badPicture = error { try check(looking: looking) }
      throw error
    }
  }

  /// The pictures without those that are none, and these.
  ///
  /// - Parameter progress: called now and then with the number of pictures looked at and of all.
  /// - Throws: `ScoringError`, also if no picture is left.
  public func withoutBad(
    progress: (Int, Int) -> Void
  ) throws(ScoringError) -> (source: any PictureSource, bad: [BadPicture]) {
    let found = try findBad(progress: progress)
    let bad = found.sorted { $0.key < $1.key }.map(\.value)
    if !bad.isEmpty && bad.count == count { throw .badPictures(bad, of: count, path: path) }
    return (leavingOut(Set(found.keys)), bad)
  }

  /// Beside the file or folder.
  public func featuresPath(_ extractor: any FeatureExtractor) -> String? {
    FeatureFile.path(beside: path, extractor)
  }

  /// `samples.npz, picture 12`.
  public func name(_ index: Int) -> String { "\(path), picture \(index)" }

  /// Not known.
  public var labels: [Int]? { nil }
  /// None.
  public var classNames: [String]? { nil }
  /// There are no labels.
  public var labelsFault: String? { nil }

  /// The classes of the pictures as a network numbers them: by their names, if both have names. A class that is unknown
  /// to it is -1. Nil if the network tells no classes, or no labels are known.
  public func labels(for extractor: any FeatureExtractor) -> [Int]? {
    guard extractor.tellsClasses, let labels else { return nil }
    guard let names = classNames, let known = extractor.classNames else { return labels }
    return labels.map { label in names.indices.contains(label) ? known.firstIndex(of: names[label]) ?? -1 : -1 }
  }

  /// Why it cannot be said how many pictures are of the right class, if they have labels that cannot be used.
  public func labelsRemark(for extractor: any FeatureExtractor) -> String? {
    guard extractor.tellsClasses, let labelsFault else { return nil }
    return "\(sanitized(path)): \(sanitizedLine(labelsFault)); the share of the right class is left out"
  }
}

/// Opens pictures: a folder of PNGs and JPEGs with its subfolders, a `.tar` of such files, a `.npz` with uint8 `arr_0`
/// or `images` `[N, H, W, C]`, or a `.npy` of numbers in [-1, 1], `[N, C, H, W]`: what `sample` writes, and what
/// `train` reads. Files are told apart by content.
///
/// - Throws: `ScoringError`, also if there are no pictures.
public func openPictures(_ path: String) throws(ScoringError) -> any PictureSource {
  switch try inScoringTerms({ try kind(ofPath: path) }) {
  case .folder: return try PictureFolder(path)
  case .nothing: throw .noSuchPath(path)
  default: break
  }
  let file = try inScoringTerms { try MappedFile(path: path) }
  func begins(_ bytes: some Sequence<UInt8>, at place: Int = 0) -> Bool {
    let bytes = Array(bytes)
    return file.slice(place, bytes.count)?.elementsEqual(bytes) ?? false
  }
  if begins("PK".utf8) { return try PictureArray(npz: file) }
  if begins(npyMagic) { return try NumberArray(file) }
  if begins("ustar".utf8, at: 257) { return try PictureTar(file) }
  let content = PictureContent(file.slice(0, min(file.count, 512)).map { [UInt8]($0) } ?? [])
  switch content {
  case .png, .jpeg: throw .onePicture(path: path)
  case .unknown: throw .notPictures(path: path)
  default: throw .content(path: path, content)
  }
}

/// Checks, before any features are computed, that sets of pictures are large enough for all that is measured of them.
///
/// - Parameters:
///   - sources: the sets.
///   - hasReference: whether they are compared with pictures, not with moments.
/// - Throws: `ScoringError.tooFew`.
public func requireEnough(_ sources: [any PictureSource], hasReference: Bool) throws(ScoringError) {
  let (least, measure) = hasReference ? (4, "precision and recall") : (2, "a covariance")
  for source in sources where source.count < least {
    throw .tooFew(what: source.path, count: source.count, needed: least, for: measure)
  }
}

/// Checks that pictures which were held out are not those of the reference.
///
/// - Parameters:
///   - heldOut: pictures that a model has not learned from.
///   - reference: those that it has.
///   - looking: called now and then with what is being done, how many are done, and of how many.
/// - Throws: `ScoringError.heldOutIsReference`; what `fingerprint(progress:)` throws.
public func requireOthers(
  _ heldOut: any PictureSource, than reference: any PictureSource,
  looking: (_ stage: String, _ done: Int, _ count: Int) -> Void
) throws {
  guard heldOut.count == reference.count else { return }
  if try heldOut.fingerprint(looking: looking) == reference.fingerprint(looking: looking) {
    throw ScoringError.heldOutIsReference
  }
}
