import TensorCore

/// The pictures that drawings start from, in place of noise alone.
public struct InitialPictures: Sendable {
  /// `[N, C, size, size]` in [-1, 1], N ≥ 1.
  public let pictures: Tensor
  /// The class of each picture, where the file says it; whether the model knows such classes is not checked.
  public let labels: [Int]?
  /// In pixels, before they were cut and scaled.
  public let width: Int
  /// In pixels, before they were cut and scaled.
  public let height: Int
}

/// Reads pictures to start from, for a model that draws `size` × `size` pixels, from the bytes of a file. What it is, they say, not its name:
///
/// * a PNG of any kind: one picture, see `Picture(png:)`. Its middle is cut out and scaled as `Picture.fitted` does it, if it is of another
///   size; grey is repeated where the model draws RGB, colours become luma where it draws grey;
/// * a `.npz` or `.npy` as `readLowResolution` takes them, of the model's size and channels.
///
/// A byte x becomes x / 127.5 - 1, or the next number above, whichever `uint8Pixels` makes x of again.
///
/// - Parameters:
///   - bytes: the whole file.
///   - path: what errors call it.
///   - channels: how many the model draws, 1 or 3.
///   - size: the side of its pictures, in pixels.
/// - Throws: `ImageError.npy`, `.npz` and `.pictures`.
public func readInitialPictures(
  _ bytes: [UInt8], path: String, channels: Int, size: Int
) throws(ImageError) -> InitialPictures {
  let reader = PictureReader(path: path, channels: channels) { byte in
    let value = Float(byte) / 127.5 - 1
    // Adding 1 to it again rounds some down, which truncation makes the next lower pixel.
    return (value + 1) * 127.5 < Float(byte) ? value.nextUp : value
  }
  switch try reader.file(bytes) {
  case .png(let bytes):
    let picture = try reader.picture(png: bytes)
    let fitted = picture.fitted(toSquare: size)
    return InitialPictures(
      pictures: try reader.tensor(channels == 1 ? fitted.converted(toChannels: 1) : fitted), labels: nil,
      width: picture.width, height: picture.height)
  case .npz(let bytes):
    let (pictures, labels) = try reader.pictures(npz: bytes)
    return InitialPictures(
      pictures: try reader.checked(pictures, size: size), labels: labels, width: size, height: size)
  case .npy(let bytes):
    let pictures = try reader.checked(try reader.pictures(npy: bytes), size: size)
    return InitialPictures(pictures: pictures, labels: nil, width: size, height: size)
  }
}

/// Reads a mask for pictures to start from, from the bytes of a file: a PNG of any kind and of their size, which is cut and scaled as they
/// were.
///
/// - Parameters:
///   - bytes: the whole file.
///   - path: what errors call it.
///   - initial: the pictures that it belongs to.
/// - Returns: `[1, 1, size, size]`, 1 where it is white, from the middle grey (128) on, and 0 where it is darker; somewhere it is 1.
/// - Throws: `ImageError.pictures`.
public func readMask(_ bytes: [UInt8], path: String, for initial: InitialPictures) throws(ImageError) -> Tensor {
  let reader = PictureReader(path: path, channels: 1) { $0 >= 128 ? 1 : 0 }
  guard case .png(let bytes) = try reader.file(bytes) else { throw reader.wrong(.maskFormat) }
  let picture = try reader.picture(png: bytes)
  guard picture.width == initial.width, picture.height == initial.height else {
    throw reader.wrong(
      .maskSize(
        width: picture.width, height: picture.height, pictureWidth: initial.width, pictureHeight: initial.height))
  }
  let fitted = picture.fitted(toSquare: initial.pictures.shape[2]).converted(toChannels: 1)
  let mask = try reader.tensor(fitted)
  guard mask.values.contains(1) else { throw reader.wrong(.maskIsBlack) }
  return mask
}

extension PictureReader {
  /// `pictures`, if they are of the model's size: numbers are not scaled.
  fileprivate func checked(_ pictures: Tensor, size: Int) throws(ImageError) -> Tensor {
    guard pictures.shape[2] == size, pictures.shape[3] == size else {
      throw wrong(.size(width: pictures.shape[3], height: pictures.shape[2], model: size))
    }
    return pictures
  }
}
