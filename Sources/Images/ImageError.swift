import DiffusionBytes
import DiffusionFiles

/// Why a picture or an array cannot be made, read or written. Every description is one sentence.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  /// Pictures have 1 or 3 channels.
  case channels(Int)
  /// A sheet or an enlargement of more than `Picture.pixelLimit` pixels.
  case tooLarge(width: Int, height: Int)
  /// libpng refuses.
  case png(String)
  /// A file that cannot be read or written.
  case file(FileError)
  /// An array file that is not what it says, or not what is needed.
  case npy(path: String, NPYFault)
  /// An archive of arrays that is not what it says.
  case npz(path: String, NPZFault)
  /// Pictures to enlarge or to start from, or a mask, that a model cannot take.
  case pictures(path: String, PictureFault)

  /// One sentence that says what is wrong and, where something can be done, what.
  public var description: String {
    switch self {
    case .channels(let count):
      "images of \(count) channels cannot be shown as PNG, which takes 1 (grey) or 3 (RGB); type --out x.npy to keep the numbers"
    case .tooLarge(let width, let height):
      "a picture of \(width)×\(height) pixels is larger than the \(Picture.pixelLimit) that one may have; choose a smaller --scale or --count"
    case .png(let message): "the PNG cannot be used: \(message)"
    case .file(let error): error.description
    case .npy(let path, let fault): "\(path): \(fault)"
    case .npz(let path, let fault): "\(path): \(fault)"
    case .pictures(let path, let fault): "\(path): \(fault)"
    }
  }
}

/// What can be wrong with a `.npy` file.
public enum NPYFault: Error, Equatable, CustomStringConvertible {
  /// The first bytes are others.
  case notNPY
  /// A version of the format that does not exist yet.
  case version(Int)
  /// A header that ends behind the file, or is not a dictionary of the three known keys.
  case badHeader
  /// Elements that are not floating-point numbers.
  case elementType(String)
  /// Elements of a type that cannot be read.
  case unknownType(String)
  /// Columns first.
  case fortranOrder
  /// Shape and size do not agree.
  case size(shape: [Int], needed: Int?, found: Int)

  /// What is wrong, and what would do.
  public var description: String {
    switch self {
    case .notNPY: "is no .npy file; numpy.save writes one"
    case .version(let version): "is a .npy of version \(version); versions 1 to 3 can be read"
    case .badHeader: "has a .npy header that cannot be understood"
    case .elementType(let type): "holds elements of type \(type); save it as float32 (array.astype('<f4'))"
    case .unknownType(let type):
      "holds elements of type \(type); save numbers as float32 (array.astype('<f4')), pixels as uint8, labels as int64"
    case .fortranOrder: "is stored columns first; save it with numpy.ascontiguousarray"
    case .size(let shape, let needed, let found):
      "should hold an array of shape \(shape)\(needed.map { ", \($0) bytes" } ?? ""), but \(found) bytes follow its header"
    }
  }
}

/// What can be wrong with a `.npz` archive.
public enum NPZFault: Error, Equatable, CustomStringConvertible {
  /// It is no archive that can be read.
  case zip(ZipFault)
  /// A compressed entry that does not unpack to what the archive says.
  case inflate(entry: String, InflateFault)
  /// No array of a name that is needed.
  case missing(array: String, found: [String])
  /// An array that is not what it says.
  case array(String, NPYFault)

  /// What is wrong, and what would do.
  public var description: String {
    switch self {
    case .zip(.compressed(let entry)):
      "entry \(entry) is compressed in a way that cannot be read; save it with numpy.savez or numpy.savez_compressed"
    case .zip(let fault): fault.description
    case .inflate(let entry, let fault): "entry \(entry) \(fault)"
    case .missing(let array, let found):
      "has no array \(array)\(found.isEmpty ? "" : ", only \(found.prefix(4).joined(separator: ", "))"); save it with numpy.savez(file, \(array)=…)"
    case .array(let name, let fault): "array \(name) \(fault)"
    }
  }
}

/// Why a file does not hold pictures that a model can be given.
public enum PictureFault: Error, Equatable, CustomStringConvertible {
  /// The first bytes are those of no known kind of file.
  case format
  /// A PNG that libpng refuses.
  case png(String)
  /// An RGB picture where the model takes grey ones.
  case colour
  /// `arr_0` of another element type than uint8.
  case pixelType(String)
  /// `arr_0`, or the pixels of a PNG, of another shape than `[N, h, w, channels]`.
  case pixels(shape: [Int], channels: Int)
  /// Floating-point numbers of another shape than `[N, channels, h, w]`.
  case numbers(shape: [Int], channels: Int)
  /// No pictures, or pictures without pixels.
  case nothing(shape: [Int])
  /// A number outside [-1, 1].
  case range(Float)
  /// `arr_1` of another element type than int64 and int32.
  case labelType(String)
  /// `arr_1` of another shape than `[pictures]`.
  case labels(shape: [Int], pictures: Int)
  /// Arrays of pictures of another size than the model's, which only a PNG is cut and scaled to.
  case size(width: Int, height: Int, model: Int)
  /// A mask that is no PNG.
  case maskFormat
  /// A mask of another size than the picture's.
  case maskSize(width: Int, height: Int, pictureWidth: Int, pictureHeight: Int)
  /// A mask that keeps all of the picture.
  case maskIsBlack

  /// What is wrong, and what would do.
  public var description: String {
    switch self {
    case .format: "is no PNG, .npz or .npy; save it as one of these"
    case .png(let message): message
    case .colour: "is an RGB picture, but the model takes grey ones; save it as a grey PNG"
    case .pixelType(let type):
      "array arr_0 holds elements of type \(type), but pixels are uint8 (array.astype('uint8')), 0 to 255"
    case .pixels(let shape, let channels):
      "holds pixels of shape \(shape), but the model takes [N, h, w, \(channels)]; reshape or transpose them"
    case .numbers(let shape, let channels):
      "holds an array of shape \(shape), but the model takes [N, \(channels), h, w]; reshape or transpose it"
    case .nothing(let shape): "holds an array of shape \(shape), which has no pixels; save at least one picture"
    case .range(let value):
      "holds \(value), but pictures lie in [-1, 1]; clip it, or save x / 127.5 - 1 of pixels x from 0 to 255"
    case .labelType(let type):
      "array arr_1 holds elements of type \(type), but labels are int64 (array.astype('int64'))"
    case .labels(let shape, let pictures):
      "array arr_1 has the shape \(shape), but labels of \(pictures) pictures have [\(pictures)]; save one for each picture"
    case .size(let width, let height, let model):
      "holds pictures of \(width)×\(height) pixels, but the model draws \(model)×\(model); scale them, or give a PNG, which is cut and scaled"
    case .maskFormat: "is no PNG; save the mask as one"
    case .maskSize(let width, let height, let pictureWidth, let pictureHeight):
      "has \(width)×\(height) pixels, but the picture has \(pictureWidth)×\(pictureHeight); make the mask as large"
    case .maskIsBlack: "keeps all of the picture; make white what is to be drawn anew"
    }
  }
}
