import DiffusionFiles
import DiffusionImages
import TensorCore

/// The images that a model learns from, and their classes: the PNGs in a folder, or the arrays of a `.npz`.
///
/// * **A folder** is searched recursively, as in the original's `image_datasets.py`, by name at each level, so that the
///   order is the same everywhere. Names that start with a dot are skipped. PNGs are decoded on each request. An
///   image's class is its file name up to the first `_`, or, if all PNGs are in subfolders, the name of its subfolder.
///   Sorted class names are numbered from 0.
/// * **A `.npz`** holds pixels `images` (or `arr_0`, as in the original's samples), uint8 `[N, H, W]` or
///   `[N, H, W, C]`, and optionally integers `labels` (or `arr_1`) `[N]` and strings `class_names`. Pixels stay in
///   memory unchanged.
///
/// Grey and RGB are converted to the requested channels; images of another size are cropped and resampled as in the
/// original.
public struct ImageDataset: Sendable {
  /// The side of the square images, in pixels.
  public let imageSize: Int
  /// The number of channels: 1 (grey) or 3 (RGB).
  public let channels: Int
  /// The class label of each image, counted from 0; nil if classes are not wanted.
  public let labels: [Int]?
  /// The names of the classes, if the data gives them; nil if classes are not wanted.
  public let classNames: [String]?
  /// The number of classes: the number of names, or one more than the largest label; nil if classes are not wanted.
  public let classCount: Int?
  /// The number of files in the folder that are skipped because they are images in other formats (`.jpg`, `.jpeg`,
  /// `.gif`).
  public let skipped: Int
  private let source: Source

  enum Source: Sendable {
    /// The paths of the PNGs.
    case files([String])
    /// `[N, H, W, C]`.
    case pixels([UInt8], height: Int, width: Int, channels: Int)
  }

  /// Opens the dataset at `path` without decoding any image.
  ///
  /// - Parameters:
  ///   - path: a folder, or a `.npz`.
  ///   - imageSize: the side of the model's square images, in pixels.
  ///   - channels: the model's image channels, 1 or 3.
  ///   - classes: whether images must have classes; if not, class information is ignored.
  /// - Throws: `DatasetError`.
  public init(path: String, imageSize: Int, channels: Int, classes: Bool) throws(DatasetError) {
    precondition(imageSize > 0 && (channels == 1 || channels == 3), "\(channels)×\(imageSize)² is no picture")
    self.imageSize = imageSize
    self.channels = channels
    let kind: PathKind
    do { kind = try DiffusionFiles.kind(ofPath: path) } catch { throw .file(error) }
    switch kind {
    case .nothing: throw .data(path: path, .nothing)
    case .folder:
      let found = try ImageFiles(folder: path)
      let named = classes ? try found.classes() : nil
      source = .files(found.paths)
      skipped = found.others
      labels = named?.labels
      classNames = named?.names
      classCount = named?.names.count
    case .file:
      let archive = try ImageArchive(path: path, classes: classes)
      source = .pixels(archive.pixels, height: archive.height, width: archive.width, channels: archive.channels)
      skipped = 0
      labels = archive.labels
      classNames = archive.classNames
      classCount = archive.labels.map { (labels: [Int]) in
        archive.classNames?.count ?? (labels.max() ?? 0) + 1
      }
    }
  }

  /// The number of images, at least one.
  public var count: Int {
    switch source {
    case .files(let paths): paths.count
    case .pixels(let pixels, let height, let width, let channels): pixels.count / (height * width * channels)
    }
  }

  /// Image number `index`, `[channels, imageSize, imageSize]` in [-1, 1]: pixel / 127.5 - 1 in float32. May be called
  /// from any thread.
  ///
  /// - Throws: `DatasetError` if a PNG cannot be read.
  public func image(_ index: Int) throws(DatasetError) -> Tensor {
    precondition(index >= 0 && index < count, "there is no picture \(index) among \(count)")
    let picture = try self.picture(index)
      .fitted(toSquare: imageSize)
      .converted(toChannels: channels)
    let (pixels, plane, channels) = (picture.pixels, imageSize * imageSize, self.channels)
    return Tensor([channels, imageSize, imageSize]) { out in
      for c in 0..<channels {
        for i in 0..<plane { out[c * plane + i] = Float(pixels[i * channels + c]) / 127.5 - 1 }
      }
    }
  }

  /// The image as it is stored.
  private func picture(_ index: Int) throws(DatasetError) -> Picture {
    switch source {
    case .files(let paths):
      let bytes: [UInt8]
      do { bytes = try readFile(paths[index]) } catch { throw .file(error) }
      do { return try Picture(png: bytes) } catch { throw .data(path: paths[index], .png("\(error)")) }
    case .pixels(let pixels, let height, let width, let channels):
      let size = height * width * channels
      return Picture(
        width: width, height: height, channels: channels, pixels: Array(pixels[index * size..<(index + 1) * size]))
    }
  }
}
