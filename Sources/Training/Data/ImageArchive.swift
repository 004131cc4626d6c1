import DiffusionFiles
import DiffusionImages
import DiffusionText

/// The images of a `.npz` dataset.
struct ImageArchive {
  /// The limit on classes, above any dataset's. The model has an embedding for each class, so a wrong label would cost
  /// a lot of memory.
  static let classLimit = 1 << 20

  /// `[N, H, W, C]`.
  let pixels: [UInt8]
  let height: Int
  let width: Int
  let channels: Int
  /// The class label of each image; nil if classes are not wanted.
  let labels: [Int]?
  /// Nil if classes are not wanted, or have no readable names.
  let classNames: [String]?

  init(path: String, classes: Bool) throws(DatasetError) {
    let file = try ArchiveFile(path: path)
    guard let (name, array) = try file.first(["images", "arr_0"]) else {
      throw .data(path: path, .noImages(found: file.archive.names))
    }
    guard case .uint8(let pixels) = array.elements else {
      throw .data(
        path: path,
        .pixelType(
          array: name, type: array.elements.type, expression: ArrayAdvice.bytes(of: array.elements)))
    }
    // Planes [N, C, H, W] have their channels where a height should be.
    guard let shape = pictureShape(array.shape), shape[3] <= 4 || shape[3] < min(shape[1], shape[2]), !pixels.isEmpty
    else {
      throw .data(path: path, .pixels(array: name, shape: array.shape))
    }
    self.pixels = pixels
    (height, width, channels) = (shape[1], shape[2], shape[3])
    let names = classes ? file.classNames : nil
    labels = classes ? try file.labels(images: shape[0], names: names) : nil
    classNames = names
  }

  /// The number of images.
  var count: Int { pixels.count / (height * width * channels) }

  /// The channels of the model's images: grey and RGB are converted to one another.
  ///
  /// - Throws: `DatasetError` if the array has other channels.
  func checkedChannels(_ wanted: Int?, path: String) throws(DatasetError) -> Int {
    guard let wanted, wanted != channels else { return channels }
    guard [1, 3].contains(wanted), [1, 3].contains(channels) else {
      throw .files(path: path, .channels(wanted, found: "images of \(counted(channels, "channel"))"))
    }
    return wanted
  }
}

/// A `.npz` file and its arrays.
private struct ArchiveFile {
  let path: String
  let archive: NPZArchive

  init(path: String) throws(DatasetError) {
    self.path = path
    let bytes: [UInt8]
    do { bytes = try readFile(path) } catch { throw .file(error) }
    guard bytes.starts(with: "PK".utf8) else { throw Self.notAnArchive(path, PictureContent(bytes)) }
    do { archive = try NPZArchive(bytes, path: path) } catch { throw .image(error) }
  }

  /// The error for a file with other content.
  private static func notAnArchive(_ path: String, _ content: PictureContent) -> DatasetError {
    switch content {
    case .png, .jpeg:
      let folder = folderAndName(path).folder
      return .data(path: path, .onePicture(folder: folder.isEmpty ? "." : folder))
    case .unknown: return .data(path: path, .format)
    default: return .files(path: path, .content(content))
    }
  }

  /// The first array that has one of these names.
  func first(_ names: [String]) throws(DatasetError) -> (name: String, array: NPYArray)? {
    guard let name = names.first(where: archive.names.contains) else { return nil }
    do { return (name, try archive.array(name)) } catch { throw .image(error) }
  }

  /// Nil if they cannot be read, for instance because they are saved as Python objects. Nothing depends on them.
  var classNames: [String]? {
    guard archive.names.contains("class_names"), let array = try? archive.array("class_names"),
      array.shape.count == 1, case .text(let names) = array.elements, !names.isEmpty
    else { return nil }
    return names
  }

  func labels(images: Int, names: [String]?) throws(DatasetError) -> [Int] {
    guard let (name, array) = try first(["labels", "arr_1"]) else {
      throw .data(path: path, .noLabels(found: archive.names))
    }
    // Before the type: what is one-hot often has another.
    guard array.shape == [images] else {
      throw .data(path: path, .labels(array: name, shape: array.shape, images: images))
    }
    guard let labels = array.elements.integers else {
      throw .data(path: path, .labelType(array: name, type: array.elements.type))
    }
    let limit = names?.count ?? ImageArchive.classLimit
    if let index = labels.firstIndex(where: { $0 < 0 || $0 >= limit }) {
      throw .data(path: path, .label(labels[index], index: index, classes: names?.count))
    }
    return labels
  }
}
