import DiffusionFiles
import DiffusionImages
import TensorCore

/// The pictures that a model learns from, and their classes: the PNGs in a folder, or the arrays of a `.npz`.
///
/// * **A folder** is searched with the folders in it, as upstream's `image_datasets.py` does: by name at each level, so that the order
///   is the same everywhere; what begins with a dot is left out. PNGs are decoded each time they are asked for. A picture's class
///   is what its name says before the first `_`, or, where the folder has no PNGs itself but only folders of them, the name of that folder;
///   sorted names are numbered from 0.
/// * **A `.npz`** holds pixels `images` (or `arr_0`, as upstream's samples are saved), uint8 `[N, H, W]` or `[N, H, W, C]`, perhaps integers
///   `labels` (or `arr_1`) `[N]` and words `class_names`. Pixels stay in memory as they are.
///
/// Grey and RGB become what is asked for; pictures of another size are cut and resampled as upstream does.
public struct ImageDataset: Sendable {
  /// The side of the square pictures, in pixels.
  public let imageSize: Int
  /// 1 (grey) or 3 (RGB).
  public let channels: Int
  /// The class of each picture, counted from 0; nil if classes were not wanted.
  public let labels: [Int]?
  /// What the classes are called, where the data say it; nil if classes were not wanted.
  public let classNames: [String]?
  /// How many classes there are: as many as names, or one more than the greatest label; nil if classes were not wanted.
  public let classCount: Int?
  /// How many files of the folder are pictures of other kinds than PNG (`.jpg`, `.jpeg`, `.gif`), and were left out.
  public let skipped: Int
  private let source: Source

  enum Source: Sendable {
    /// Paths.
    case files([String])
    /// `[N, H, W, C]`.
    case pixels([UInt8], height: Int, width: Int, channels: Int)
  }

  /// Finds out what is at `path`, without decoding any picture.
  ///
  /// - Parameters:
  ///   - path: a folder, or a `.npz`.
  ///   - imageSize: the side of the square pictures that the model takes, in pixels.
  ///   - channels: how many the model takes, 1 or 3.
  ///   - classes: whether pictures must have classes; where not, what is said of them is not looked at.
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

  /// How many pictures there are, at least one.
  public var count: Int {
    switch source {
    case .files(let paths): paths.count
    case .pixels(let pixels, let height, let width, let channels): pixels.count / (height * width * channels)
    }
  }

  /// Picture number `index`, `[channels, imageSize, imageSize]`: pixel / 127.5 - 1 in float32, so in [-1, 1]. It may be called from any
  /// thread.
  ///
  /// - Throws: `DatasetError`, for a PNG that cannot be read.
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

  /// The picture as it is stored.
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
