import DiffusionFiles
import DiffusionImages
import DiffusionText

/// An error in loading training data. Every description is one sentence.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
  /// A file cannot be read.
  case file(FileError)
  /// An archive or array is invalid.
  case image(ImageError)
  /// The data does not suit training.
  case data(path: String, DatasetFault)
  /// Pictures in files do not suit training.
  case files(path: String, PictureFilesFault)

  /// One sentence that describes the error and what to do.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .image(let error): error.description
    case .data(let path, let fault): "\(path): \(fault)"
    case .files(_, .bad(let files, let count)) where files.count == 1 && count > 1:
      "\(files[0].reason); --skip-bad goes on without it"
    case .files(let path, .noPictures(let others, let ofRuns)) where !others.isEmpty:
      "\(path): \(PictureFilesFault.noPictures(others: others, ofRuns: ofRuns)), with ImageMagick for instance: "
        + Self.converting(others.keys.sorted(), in: path)
    case .files(let path, let fault): "\(path): \(fault)"
    }
  }
}

extension DatasetError {
  /// The command that makes PNGs of all files with these endings, in any case, in a folder and its folders.
  private static func converting(_ endings: [String], in folder: String) -> String {
    let names = endings.map { ["-iname", "*\($0)"] }.joined(separator: ["-o"])
    let tests = endings.count == 1 ? Array(names) : ["("] + names + [")"]
    return shellLine(["find", operand(folder)] + tests + ["-exec", "mogrify", "-format", "png", "{}", "+"])
  }
}

/// A fault of a dataset's images or classes.
public enum DatasetFault: Error, Equatable, CustomStringConvertible {
  /// The file or folder does not exist.
  case nothing
  /// The file has another format.
  case format
  /// The file is one picture; the folder that it lies in.
  case onePicture(folder: String)
  /// The archive has no array of pixels.
  case noImages(found: [String])
  /// The pixels are not uint8; the expression of Python makes them that, if there is one.
  case pixelType(array: String, type: String, expression: String?)
  /// The pixels do not have the shape of images.
  case pixels(array: String, shape: [Int])
  /// The labels are not integers.
  case labelType(array: String, type: String)
  /// The number of labels differs from the number of images.
  case labels(array: String, shape: [Int], images: Int)
  /// A label is not the number of a class.
  case label(Int, index: Int, classes: Int?)
  /// The archive has no labels, but classes are wanted.
  case noLabels(found: [String])

  /// The fault, and what to do.
  public var description: String {
    switch self {
    case .nothing: "there is no such file or folder; name a folder of pictures or a .npz"
    case .format:
      "is neither a folder of pictures nor a .npz; "
        + "save its pixels with numpy.savez_compressed('data.npz', images=array)"
    case .onePicture(let folder): "is one picture; name its folder: --data \(shellQuoted(operand(folder)))"
    case .noImages(let found):
      "has no array images or arr_0\(Self.only(found)); "
        + "save the pixels with numpy.savez_compressed('data.npz', images=array)"
    case .pixelType(let array, let type, let expression):
      "array \(array) holds elements of type \(type), but pixels are uint8, 0 to 255\(Self.saving(expression))"
    case .pixels(let array, let shape):
      "array \(array) has the shape \(shape), but pictures are [N, H, W] or [N, H, W, C]"
        + Self.saving(ArrayAdvice.pictures(shape, channels: [1, 3]))
    case .labelType(let array, let type):
      "array \(array) holds elements of type \(type), but labels are int64; "
        + "save \(ArrayAdvice.labels(ofType: type))"
    case .labels(let array, let shape, let images):
      "array \(array) has the shape \(shape), but labels of \(images) pictures have [\(images)]; "
        + "save \(ArrayAdvice.labels(shape, pictures: images) ?? "one for each picture")"
    case .label(let label, let index, let classes):
      if let classes {
        "picture \(index) has the label \(label), but class_names has \(classes) names; "
          + "number the classes from 0 to \(classes - 1)"
      } else {
        "picture \(index) has the label \(label); number the classes from 0 to \(ImageArchive.classLimit - 1)"
      }
    case .noLabels(let found):
      "has no array labels or arr_1\(Self.only(found)); "
        + "save them with numpy.savez_compressed('data.npz', images=array, labels=labels), or train without classes"
    }
  }

  private static func saving(_ expression: String?) -> String { expression.map { "; save \($0)" } ?? "" }

  private static func only(_ found: [String]) -> String {
    found.isEmpty ? "" : ", only \(found.prefix(4).joined(separator: ", "))"
  }
}
