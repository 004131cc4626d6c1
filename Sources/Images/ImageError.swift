/// Why a picture or an array cannot be made, read or written. Every description is one sentence.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  /// Pictures have 1 or 3 channels.
  case channels(Int)
  /// A sheet or an enlargement larger than a PNG can be.
  case tooLarge(width: Int, height: Int)
  /// libpng refuses.
  case png(String)
  /// The system refuses to open, write or rename a file.
  case file(path: String, action: String, reason: String)
  /// An array file that is not what it says, or not what is needed.
  case npy(path: String, NPYFault)
  /// More than an archive without zip64 can hold.
  case archiveTooLarge(path: String)

  /// One sentence that says what is wrong and, where something can be done, what.
  public var description: String {
    switch self {
    case .channels(let count):
      "images of \(count) channels cannot be shown as PNG, which takes 1 (grey) or 3 (RGB); type --out x.npy to keep the numbers"
    case .tooLarge(let width, let height):
      "a picture of \(width)×\(height) pixels is larger than a PNG can be; choose a smaller --scale or --count"
    case .png(let message): "the PNG cannot be used: \(message)"
    case .file(let path, let action, let reason): "\(path): cannot \(action): \(reason)"
    case .npy(let path, let fault): "\(path): \(fault)"
    case .archiveTooLarge(let path): "\(path): an .npz cannot hold 4 GiB or more; draw fewer images or write PNGs"
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
    case .fortranOrder: "is stored columns first; save it with numpy.ascontiguousarray"
    case .size(let shape, let needed, let found):
      "should hold an array of shape \(shape)\(needed.map { ", \($0) bytes" } ?? ""), but \(found) bytes follow its header"
    }
  }
}
