import DiffusionFiles
import TensorCore

/// The small pictures that a super-resolution model enlarges.
public struct LowResolution: Sendable {
  /// `[N, C, h, w]` in [-1, 1]; N, h and w are at least 1, C is what was asked for.
  public let pictures: Tensor
  /// The class of each picture, where the file says it; whether the model knows such classes is not checked.
  public let labels: [Int]?
}

/// Reads small pictures. What the file is, its content says, not its name:
///
/// * a PNG of any kind: one picture, see `Picture(png:)`; grey is repeated where the model takes RGB, and a picture of colours that are
///   all grey is grey;
/// * a `.npz` as `image_sample.py` of improved-diffusion writes it: uint8 `arr_0` `[N, h, w, C]` and, for models with classes,
///   int64 (or int32) `arr_1` `[N]`;
/// * a `.npy` of float32 (or float64) `[N, C, h, w]` in [-1, 1].
///
/// Bytes become x / 127.5 - 1 in float32, as in `super_res_sample.py`.
///
/// - Parameters:
///   - path: the file.
///   - channels: how many the model takes.
/// - Throws: `ImageError.file`, `.npy`, `.npz` and `.pictures`.
public func readLowResolution(_ path: String, channels: Int) throws(ImageError) -> LowResolution {
  let reader = PictureReader(path: path, channels: channels) { Float($0) / 127.5 - 1 }
  let bytes: [UInt8]
  do { bytes = try readFile(path) } catch { throw .file(error) }
  switch try reader.file(bytes) {
  case .png(let bytes):
    let picture = try reader.picture(png: bytes).withoutColourIfGrey
    if picture.channels == 3 && channels == 1 { throw reader.wrong(.colour) }
    return LowResolution(pictures: try reader.tensor(picture), labels: nil)
  case .npz(let bytes):
    let (pictures, labels) = try reader.pictures(npz: bytes)
    return LowResolution(pictures: pictures, labels: labels)
  case .npy(let bytes): return LowResolution(pictures: try reader.pictures(npy: bytes), labels: nil)
  }
}

extension Picture {
  /// The picture with one channel, if all of its pixels are grey.
  fileprivate var withoutColourIfGrey: Picture {
    guard channels == 3 else { return self }
    for i in stride(from: 0, to: pixels.count, by: 3) {
      guard pixels[i] == pixels[i + 1], pixels[i] == pixels[i + 2] else { return self }
    }
    return converted(toChannels: 1)
  }
}
