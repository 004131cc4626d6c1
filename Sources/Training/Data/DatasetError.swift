import DiffusionFiles
import DiffusionImages

/// Why there are no pictures to train with. Every description is one sentence.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
  /// A file that cannot be read.
  case file(FileError)
  /// An archive or array that is not what it says.
  case image(ImageError)
  /// Data that training cannot take.
  case data(path: String, DatasetFault)

  /// One sentence that says what is wrong and what to do.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .image(let error): error.description
    case .data(let path, let fault): "\(path): \(fault)"
    }
  }
}

/// What can be wrong with the pictures of a dataset, or with their classes.
public enum DatasetFault: Error, Equatable, CustomStringConvertible {
  /// No such file or folder.
  case nothing
  /// A file of another kind.
  case format
  /// A folder without PNGs; `others` counts its pictures of other kinds.
  case noPictures(others: Int)
  /// A PNG that libpng refuses.
  case png(String)
  /// An archive without an array of pixels.
  case noImages(found: [String])
  /// Pixels of another type than uint8.
  case pixelType(array: String, type: String)
  /// Pixels of a shape that pictures do not have.
  case pixels(array: String, shape: [Int])
  /// Labels that are not whole numbers.
  case labelType(array: String, type: String)
  /// Not one label for each picture.
  case labels(array: String, shape: [Int], images: Int)
  /// A label that is no class's number.
  case label(Int, index: Int, classes: Int?)
  /// An archive without labels, where classes are wanted.
  case noLabels(found: [String])
  /// A PNG whose name tells no class, where classes are wanted.
  case noClass

  /// What is wrong, and what would do.
  public var description: String {
    switch self {
    case .nothing: "there is no such file or folder; name a folder of .png files or a .npz"
    case .format:
      "is neither a folder of .png files nor a .npz; save its pixels with numpy.savez_compressed(file, images=…)"
    case .noPictures(let others):
      others == 0
        ? "has no .png files in it or in its folders; put some there, or name another folder"
        : "has no .png files, but \(others) .jpg or .gif, which cannot be read; convert them (mogrify -format png *.jpg)"
    case .png(let message): "\(message); mend it or take it away"
    case .noImages(let found):
      "has no array images or arr_0\(Self.only(found)); save the pixels with numpy.savez_compressed(file, images=…)"
    case .pixelType(let array, let type):
      "array \(array) holds elements of type \(type), but pixels are uint8 (array.astype('uint8')), 0 to 255"
    case .pixels(let array, let shape):
      "array \(array) has the shape \(shape), but pictures are [N, H, W], [N, H, W, 1] or [N, H, W, 3]; reshape or transpose it"
    case .labelType(let array, let type):
      "array \(array) holds elements of type \(type), but labels are int64 (array.astype('int64'))"
    case .labels(let array, let shape, let images):
      "array \(array) has the shape \(shape), but labels of \(images) pictures have [\(images)]; save one for each picture"
    case .label(let label, let index, let classes):
      if let classes {
        "picture \(index) has the label \(label), but class_names has \(classes) names; number the classes from 0 to \(classes - 1)"
      } else {
        "picture \(index) has the label \(label); number the classes from 0 to \(ImageArchive.classLimit - 1)"
      }
    case .noLabels(let found):
      "has no array labels or arr_1\(Self.only(found)); save the class of each picture as labels=…, or train without classes"
    case .noClass:
      "tells no class; name files CLASS_NUMBER.png, put those of each class into a folder of its own, or train without classes"
    }
  }

  private static func only(_ found: [String]) -> String {
    found.isEmpty ? "" : ", only \(found.prefix(4).joined(separator: ", "))"
  }
}
