import TensorCore

/// The images that sampling starts from, instead of pure noise.
public struct InitialPictures: Sendable {
  /// `[N, C, size, size]` in [-1, 1], N ≥ 1.
  public let pictures: Tensor
  /// The class label of each image, if the file has them; not checked against the model's classes.
  public let labels: [Int]?
  /// The width in pixels, before cropping and scaling.
  public let width: Int
  /// The height in pixels, before cropping and scaling.
  public let height: Int
}

/// Reads initial images from the bytes of a file, for a model of `size` × `size` pixels. The content, not the name,
/// determines the format:
///
/// * a PNG or JPEG of any kind: one image, see `Picture(file:)`. If its size differs, it is cropped and scaled by
///   `Picture.fitted`. Grey is repeated for an RGB model, and colours become luma for a grey one;
/// * a `.npz` or `.npy` as in `readLowResolution`, with the model's size and channels.
///
/// A byte x becomes x / 127.5 - 1 or the next larger number, so that `uint8Pixels` returns x.
///
/// - Parameters:
///   - bytes: the whole file.
///   - path: the file's name in errors.
///   - channels: the model's image channels; 2 and 4 with alpha.
///   - size: the side of the model's images, in pixels.
/// - Throws: `ImageError.npy`, `.npz` and `.pictures`.
public func readInitialPictures(
  _ bytes: [UInt8], path: String, channels: Int, size: Int
) throws(ImageError) -> InitialPictures {
  let reader = PictureReader(path: path, channels: channels) { byte in
    let value = Float(byte) / 127.5 - 1
    // Adding 1 again rounds some values down, and truncation would then give the next lower pixel.
    return (value + 1) * 127.5 < Float(byte) ? value.nextUp : value
  }
  switch try reader.file(bytes) {
  case .picture(let bytes):
    let picture = try reader.picture(bytes)
    let fitted = reader.fitted(picture, size: size)
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

/// Reads a mask for initial images from the bytes of a file: a PNG or JPEG of any kind and of their original size,
/// cropped and scaled like them.
///
/// - Parameters:
///   - bytes: the whole file.
///   - path: the file's name in errors.
///   - initial: the images that the mask is for.
/// - Returns: `[1, 1, size, size]`, 1 where the mask is white (from middle grey, 128, on) and 0 where it is darker; at
///   least one element is 1.
/// - Throws: `ImageError.pictures`.
public func readMask(_ bytes: [UInt8], path: String, for initial: InitialPictures) throws(ImageError) -> Tensor {
  let reader = PictureReader(path: path, channels: 1) { $0 >= 128 ? 1 : 0 }
  guard case .picture(let bytes) = try reader.file(bytes) else { throw reader.wrong(.maskFormat) }
  let picture = try reader.picture(bytes)
  guard picture.width == initial.width, picture.height == initial.height else {
    throw reader.wrong(
      .maskSize(
        width: picture.width, height: picture.height, pictureWidth: initial.width, pictureHeight: initial.height))
  }
  let fitted = picture.fitted(toSquare: initial.pictures.shape[2]).converted(toChannels: 1)
  let mask = try reader.tensor(fitted)
  guard mask.values.contains(1) else {
    let isOfOnes = picture.pixels.contains(1) && picture.pixels.allSatisfy { $0 <= 1 || $0 == 255 }
    throw reader.wrong(isOfOnes ? .maskOfOnes : .maskIsBlack)
  }
  return mask
}

extension PictureReader {
  /// `pictures`, checked to have the model's size, because arrays are not scaled.
  fileprivate func checked(_ pictures: Tensor, size: Int) throws(ImageError) -> Tensor {
    guard pictures.shape[2] == size, pictures.shape[3] == size else {
      throw wrong(.size(width: pictures.shape[3], height: pictures.shape[2], model: size))
    }
    return pictures
  }
}
