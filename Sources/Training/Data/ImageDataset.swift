import DiffusionFiles
import DiffusionImages
import TensorCore

/// How training data is read.
public struct DatasetOptions: Sendable, Equatable {
  /// What transparent pixels are laid over, unless the model learns alpha.
  public var background = Background.black
  /// Whether to go on without pictures that cannot be read.
  public var skipsBad = false
  /// What names the classes of pictures in folders; nil to decide (`FolderClasses`).
  public var classSource: ClassSource?
  /// Whether to see what versions saw that read PNGs only, and to which classes were the outermost folders.
  var isAsBefore = false

  /// The defaults.
  public init() {}
}

/// The images that a model learns from, and their classes: the pictures in a folder, or the arrays of a `.npz`.
///
/// * **A folder** is searched recursively, as in the original's `image_datasets.py`, by name at each level, so that the
///   order is the same everywhere. Names that start with a dot, and folders of training runs (with `run.json`), are
///   skipped. PNGs and JPEGs are decoded on each request, and turned as their orientation says. A picture's class is
///   its file's name up to the first `_`, or its innermost folder; `DatasetOptions.classSource` says which, and is
///   otherwise decided by all names together. Sorted class names are numbered from 0.
/// * **A `.npz`** holds pixels `images` (or `arr_0`, as in the original's samples), uint8 `[N, H, W]` or
///   `[N, H, W, C]`, and optionally integers `labels` (or `arr_1`) `[N]` and strings `class_names`. Pixels stay in
///   memory unchanged.
///
/// Grey and RGB are converted to the requested channels; images of another size are cropped and resampled as in the
/// original.
public struct ImageDataset: Sendable {
  /// The side of the square images, in pixels.
  public let imageSize: Int
  /// The number of channels: 1 (grey) or 3 (RGB), one more with alpha; from arrays any number.
  public let channels: Int
  /// The class label of each image, counted from 0; nil if classes are not wanted.
  public let labels: [Int]?
  /// The names of the classes, if the data gives them; nil if classes are not wanted.
  public let classNames: [String]?
  /// The number of classes: the number of names, or one more than the largest label; nil if classes are not wanted.
  public let classCount: Int?
  /// What names the classes of pictures in a folder; nil for arrays, or if classes are not wanted.
  public let classSource: ClassSource?
  /// What was found by looking at all pictures.
  public let facts: DataFacts
  /// The pictures that cannot be read and are left out.
  public let bad: [BadPicture]
  private let source: Source

  enum Source: Sendable {
    /// The paths of the pictures.
    case files([String], background: Background)
    /// `[N, H, W, C]`.
    case pixels([UInt8], height: Int, width: Int, channels: Int)
  }

  /// Opens the dataset at `path`. Looks at all files, decoding each, so that training does not end at a bad one.
  ///
  /// - Parameters:
  ///   - path: a folder, or a `.npz`.
  ///   - imageSize: the side of the model's square images, in pixels.
  ///   - channels: the model's image channels; nil for those of the data: 1 if all pictures are stored as grey,
  ///     otherwise 3, and those of an array. Alpha is read if 2 or 4 are asked for.
  ///   - classes: whether images must have classes; if not, class information is ignored.
  ///   - options: how the data is read.
  ///   - progress: called now and then while files are looked at, with the number done and the number of all.
  /// - Throws: `DatasetError`.
  public init(
    path: String, imageSize: Int, channels: Int? = nil, classes: Bool, options: DatasetOptions = DatasetOptions(),
    progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }
  ) throws(DatasetError) {
    precondition(imageSize > 0 && (channels ?? 1) > 0, "\(channels ?? 0)×\(imageSize)² is no picture")
    self.imageSize = imageSize
    let kind: PathKind
    do { kind = try DiffusionFiles.kind(ofPath: path) } catch { throw .file(error) }
    switch kind {
    case .nothing: throw .data(path: path, .nothing)
    case .folder:
      let pictures = try FolderPictures(
        path: path, imageSize: imageSize, classes: classes, options: options, progress: progress)
      self.channels = try pictures.checkedChannels(channels)
      (labels, classNames, classSource) = (pictures.labels, pictures.classNames, pictures.classSource)
      classCount = pictures.classNames?.count
      (facts, bad) = (pictures.facts, pictures.bad)
      source = .files(pictures.paths, background: options.background)
    case .file:
      let archive = try ImageArchive(path: path, classes: classes)
      self.channels = try archive.checkedChannels(channels, path: path)
      (labels, classNames, classSource) = (archive.labels, archive.classNames, nil)
      classCount = archive.labels.map { archive.classNames?.count ?? ($0.max() ?? 0) + 1 }
      var facts = DataFacts()
      for _ in 0..<archive.count { facts.note(width: archive.width, height: archive.height, imageSize: imageSize) }
      (self.facts, bad) = (facts, [])
      source = .pixels(archive.pixels, height: archive.height, width: archive.width, channels: archive.channels)
    }
  }

  /// The number of images, at least one.
  public var count: Int {
    switch source {
    case .files(let paths, _): paths.count
    case .pixels(let pixels, let height, let width, let channels): pixels.count / (height * width * channels)
    }
  }

  /// The paths of the pictures in a folder, by number; empty for arrays.
  public var files: [String] { if case .files(let paths, _) = source { paths } else { [] } }

  /// Whether the images are files in a folder.
  var isFolder: Bool { if case .files = source { true } else { false } }

  /// The name of the colour that transparent pixels are laid over; empty for arrays.
  public var backgroundName: String { if case .files(_, let background) = source { "\(background)" } else { "" } }

  /// How many images each class has; nil if classes are not wanted.
  public var classSizes: [Int]? {
    guard let labels, let classCount else { return nil }
    var sizes = [Int](repeating: 0, count: classCount)
    for label in labels { sizes[label] += 1 }
    return sizes
  }

  /// The images with the given numbers, read on the threads of the pool.
  ///
  /// - Throws: `DatasetError` if a picture cannot be read.
  public func images(_ indices: [Int]) throws(DatasetError) -> [Tensor] {
    let results = ThreadPool.shared.map(indices.count) { i -> Result<Tensor, DatasetError> in
      do throws(DatasetError) { return .success(try image(indices[i])) } catch { return .failure(error) }
    }
    var images: [Tensor] = []
    for result in results { images.append(try result.get()) }
    return images
  }

  /// Image number `index`, `[channels, imageSize, imageSize]` in [-1, 1]: pixel / 127.5 - 1 in float32. May be called
  /// from any thread.
  ///
  /// - Throws: `DatasetError` if a picture cannot be read.
  public func image(_ index: Int) throws(DatasetError) -> Tensor {
    precondition(index >= 0 && index < count, "there is no picture \(index) among \(count)")
    let picture = try self.picture(index)
    let (pixels, plane, channels) = (picture.pixels, imageSize * imageSize, self.channels)
    return Tensor([channels, imageSize, imageSize]) { out in
      for c in 0..<channels {
        for i in 0..<plane { out[c * plane + i] = Float(pixels[i * channels + c]) / 127.5 - 1 }
      }
    }
  }

  /// Image number `index` with the model's size and channels. May be called from any thread.
  ///
  /// - Throws: `DatasetError` if a picture cannot be read.
  public func picture(_ index: Int) throws(DatasetError) -> Picture {
    switch source {
    case .files(let paths, let background):
      let hasAlpha = channels % 2 == 0
      let picture = try PictureFile.picture(paths[index], over: hasAlpha ? nil : background)
      return hasAlpha
        ? picture.withAlpha(channels: channels).fittedWithAlpha(toSquare: imageSize)
        : picture.fitted(toSquare: imageSize).converted(toChannels: channels)
    case .pixels(let pixels, let height, let width, let found):
      let size = height * width * found
      let picture = Picture(
        width: width, height: height, channels: found, pixels: Array(pixels[index * size..<(index + 1) * size]))
      return picture.fitted(toSquare: imageSize).converted(toChannels: channels)
    }
  }
}
