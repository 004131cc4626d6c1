import DiffusionFiles
import TensorCore

/// The low-resolution images that a super-resolution model upsamples.
public struct LowResolution: Sendable {
  /// `[N, C, h, w]` in [-1, 1]; N, h and w are at least 1, C is the requested number of channels.
  public let pictures: Tensor
  /// The class label of each image, if the file has them; not checked against the model's classes.
  public let labels: [Int]?
}

/// Reads low-resolution images. The content of the file, not its name, determines the format:
///
/// * a PNG or JPEG of any kind: one image, see `Picture(file:)`. Grey is repeated for an RGB model, and an RGB image
///   with only grey pixels counts as grey;
/// * a `.npz` as `image_sample.py` of improved-diffusion writes it: uint8 `arr_0` `[N, h, w, C]` and, for models with
///   classes, int64 (or int32) `arr_1` `[N]`;
/// * a `.npy` of float32 (or float64) `[N, C, h, w]` in [-1, 1].
///
/// A byte x becomes x / 127.5 - 1 in float32, as in `super_res_sample.py`.
///
/// - Parameters:
///   - path: the file.
///   - channels: the model's image channels; 2 and 4 with alpha.
/// - Throws: `ImageError.file`, `.npy`, `.npz` and `.pictures`.
public func readLowResolution(_ path: String, channels: Int) throws(ImageError) -> LowResolution {
  let bytes: [UInt8]
  do { bytes = try readFile(path) } catch { throw .file(error) }
  return try readLowResolution(bytes, path: path, channels: channels)
}

/// The same for the bytes of a file, which `path` names in errors.
///
/// - Throws: `ImageError.npy`, `.npz` and `.pictures`.
public func readLowResolution(_ bytes: [UInt8], path: String, channels: Int) throws(ImageError) -> LowResolution {
  let reader = PictureReader(path: path, channels: channels) { Float($0) / 127.5 - 1 }
  switch try reader.file(bytes) {
  case .picture(let bytes):
    let picture = try reader.picture(bytes).withoutColourIfGrey
    if picture.channels == 3 && channels == 1 { throw reader.wrong(.colour) }
    return LowResolution(pictures: try reader.tensor(picture), labels: nil)
  case .npz(let bytes):
    let (pictures, labels) = try reader.pictures(npz: bytes)
    return LowResolution(pictures: pictures, labels: labels)
  case .npy(let bytes): return LowResolution(pictures: try reader.pictures(npy: bytes), labels: nil)
  }
}

extension Picture {
  /// The image with one channel, if all of its pixels are grey.
  fileprivate var withoutColourIfGrey: Picture {
    guard channels == 3 else { return self }
    for i in stride(from: 0, to: pixels.count, by: 3) {
      guard pixels[i] == pixels[i + 1], pixels[i] == pixels[i + 2] else { return self }
    }
    return converted(toChannels: 1)
  }
}
