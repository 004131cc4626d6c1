import DiffusionBytes
import DiffusionFiles

/// An error in making, reading or writing an image or array. Every description is one sentence.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  /// An image does not have 1 to 4 channels.
  case channels(Int)
  /// A grid or enlargement of more than `Picture.pixelLimit` pixels.
  case tooLarge(width: Int, height: Int)
  /// An error from libpng.
  case png(String)
  /// An error from TurboJPEG.
  case jpeg(String)
  /// TurboJPEG, which reads JPEGs, is not installed.
  case noTurboJPEG
  /// TurboJPEG is there, but cannot be loaded, for this reason.
  case brokenTurboJPEG(String)
  /// The content is no picture that can be read.
  case notAPicture(PictureContent)
  /// A file cannot be read or written.
  case file(FileError)
  /// An array file is invalid, or not what is needed.
  case npy(path: String, NPYFault)
  /// An archive of arrays is invalid.
  case npz(path: String, NPZFault)
  /// Low-resolution or initial images, or a mask, that a model cannot take.
  case pictures(path: String, PictureFault)

  /// One sentence that describes the error and, if possible, what to do.
  public var description: String {
    switch self {
    case .channels(let count):
      """
      images of \(count) channels cannot be shown as PNG, which takes 1 (grey) or 3 (RGB), one more with alpha; \
      type --out x.npy to keep the numbers
      """
    case .tooLarge(let width, let height):
      """
      a picture of \(width)×\(height) pixels is larger than the \(Picture.pixelLimit) that one may have; \
      choose a smaller --scale or --count
      """
    case .png(let message): "the PNG cannot be used: \(message)"
    case .jpeg(let message): "the JPEG cannot be used: \(message)"
    case .noTurboJPEG:
      "JPEGs are read by TurboJPEG, which is not installed; convert them to PNG, or install it "
        + "(on Ubuntu it is called libturbojpeg): apt-get install libturbojpeg0"
    case .brokenTurboJPEG(let reason):
      "JPEGs are read by TurboJPEG, which cannot be loaded (\(reason)); convert them to PNG, or install it again "
        + "(on Ubuntu it is called libturbojpeg): apt-get install --reinstall libturbojpeg0"
    case .notAPicture(let content): content.description
    case .file(let error): error.description
    case .npy(let path, let fault): "\(path): \(fault)"
    case .npz(let path, let fault): "\(path): \(fault)"
    case .pictures(let path, let fault): "\(path): \(fault)"
    }
  }
}

extension ImageError {
  /// Whether the machine is at fault, not the file: a library is not there, or memory is short. Another file would be
  /// refused as well.
  public var isOfMachine: Bool {
    switch self {
    case .noTurboJPEG, .brokenTurboJPEG: true
    // The words of the decoders, which have no codes for it.
    case .png(let message), .jpeg(let message): message.lowercased().contains("memory")
    default: false
    }
  }
}

/// A fault of a `.npy` file.
public enum NPYFault: Error, Equatable, CustomStringConvertible {
  /// The file does not start with the `.npy` magic string.
  case notNPY
  /// The format version is not known.
  case version(Int)
  /// The header extends past the end of the file, or is not a dictionary of the three known keys.
  case badHeader
  /// The elements are not floating-point numbers.
  case elementType(String)
  /// The elements have a type that cannot be read.
  case unknownType(String)
  /// The array is in column-major order.
  case fortranOrder
  /// The shape and the size disagree.
  case size(shape: [Int], needed: Int?, found: Int)

  /// The fault, and what to do.
  public var description: String {
    switch self {
    case .notNPY: "is no .npy file; numpy.save('x.npy', array) writes one"
    case .version(let version): "is a .npy of version \(version); versions 1 to 3 can be read"
    case .badHeader: "has a .npy header that cannot be understood"
    case .elementType(let type): "holds elements of type \(type), but numbers are float32; save array.astype('<f4')"
    case .unknownType(let type):
      "holds elements of type \(type), which are not read; save \(ArrayAdvice.readable(type))"
    case .fortranOrder: "is stored columns first; save numpy.ascontiguousarray(array)"
    case .size(let shape, let needed, let found):
      """
      should hold an array of shape \(shape)\(needed.map { ", \($0) bytes" } ?? ""), \
      but \(found) bytes follow its header
      """
    }
  }
}

/// A fault of a `.npz` archive.
public enum NPZFault: Error, Equatable, CustomStringConvertible {
  /// The file is not a readable archive.
  case zip(ZipFault)
  /// A compressed entry does not unpack to what the archive declares.
  case inflate(entry: String, InflateFault)
  /// A required array is missing.
  case missing(array: String, found: [String])
  /// An array is invalid.
  case array(String, NPYFault)

  /// The fault, and what to do.
  public var description: String {
    switch self {
    case .zip(.compressed(let entry)):
      """
      entry \(entry) is compressed in a way that cannot be read; save the arrays with \
      numpy.savez_compressed('x.npz', **numpy.load('old.npz'))
      """
    case .zip(let fault): fault.description
    case .inflate(let entry, let fault): "entry \(entry) \(fault)"
    case .missing(let array, let found):
      """
      has no array \(array)\(found.isEmpty ? "" : ", only \(found.prefix(4).joined(separator: ", "))"); \
      save it with numpy.savez('x.npz', \(array)=array)
      """
    case .array(let name, let fault): "array \(name) \(fault)"
    }
  }
}

/// A fault in a file of images for a model.
public enum PictureFault: Error, Equatable, CustomStringConvertible {
  /// The file format is not known.
  case format
  /// The file is something else, and known.
  case content(PictureContent)
  /// libpng or TurboJPEG rejects the picture.
  case undecodable(String)
  /// The image is RGB, but the model takes grey ones.
  case colour
  /// The elements of `arr_0` are not uint8; the expression of Python makes them that, if there is one.
  case pixelType(String, expression: String?)
  /// The shape of `arr_0`, or of a picture's pixels, is not `[N, h, w, channels]`.
  case pixels(shape: [Int], channels: Int)
  /// The shape of floating-point numbers is not `[N, channels, h, w]`.
  case numbers(shape: [Int], channels: Int)
  /// There are no images, or they have no pixels.
  case nothing(shape: [Int])
  /// A number is outside [-1, 1]; the expression of Python brings all of them there, if there is one.
  case range(Float, expression: String?)
  /// The elements of `arr_1` are neither int64 nor int32.
  case labelType(String)
  /// The shape of `arr_1` is not `[pictures]`.
  case labels(shape: [Int], pictures: Int)
  /// Arrays do not have the model's image size; only a PNG or JPEG is cropped and scaled to it.
  case size(width: Int, height: Int, model: Int)
  /// The mask is neither a PNG nor a JPEG.
  case maskFormat
  /// The mask and the image differ in size.
  case maskSize(width: Int, height: Int, pictureWidth: Int, pictureHeight: Int)
  /// The mask keeps the whole image.
  case maskIsBlack
  /// The mask's pixels are 0 and 1, where white is 255.
  case maskOfOnes

  /// The fault, and what to do.
  public var description: String {
    switch self {
    case .format: "is no PNG, JPEG, .npz or .npy; save it as one of these"
    case .content(let content): content.description
    case .undecodable(let message): message
    case .colour: "is an RGB picture, but the model takes grey ones; save it as a grey PNG"
    case .pixelType(let type, let expression):
      "array arr_0 holds elements of type \(type), but pixels are uint8, 0 to 255\(Self.saving(expression))"
    case .pixels(let shape, let channels):
      """
      holds pixels of shape \(shape), but the model takes \
      [N, h, w, \(channels)]\(Self.saving(ArrayAdvice.pictures(shape, channels: [channels])))
      """
    case .numbers(let shape, let channels):
      """
      holds an array of shape \(shape), but the model takes \
      [N, \(channels), h, w]\(Self.saving(ArrayAdvice.planes(shape, channels: channels)))
      """
    case .nothing(let shape): "holds an array of shape \(shape), which has no pixels; save at least one picture"
    case .range(let value, let expression):
      "holds \(value), but pictures lie in [-1, 1]\(Self.saving(expression))"
    case .labelType(let type):
      "array arr_1 holds elements of type \(type), but labels are int64; save \(ArrayAdvice.labels(ofType: type))"
    case .labels(let shape, let pictures):
      """
      array arr_1 has the shape \(shape), but labels of \(pictures) pictures have [\(pictures)]; \
      save \(ArrayAdvice.labels(shape, pictures: pictures) ?? "one for each picture")
      """
    case .size(let width, let height, let model):
      """
      holds pictures of \(width)×\(height) pixels, but the model draws \(model)×\(model); \
      scale them, or give a PNG or JPEG, which is cut and scaled
      """
    case .maskFormat: "is no PNG or JPEG; save the mask as one"
    case .maskSize(let width, let height, let pictureWidth, let pictureHeight):
      "has \(width)×\(height) pixels, but the picture has \(pictureWidth)×\(pictureHeight); make the mask as large"
    case .maskIsBlack: "keeps all of the picture; make white what is to be drawn anew"
    case .maskOfOnes:
      """
      has pixels of 0 and 1, where white is 255, so that it keeps all of the picture; save \
      (array * 255).astype('uint8')
      """
    }
  }

  private static func saving(_ expression: String?) -> String { expression.map { "; save \($0)" } ?? "" }
}
