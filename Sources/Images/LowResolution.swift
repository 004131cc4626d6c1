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
/// * a PNG of any kind: one picture, as 8-bit grey or RGB; grey is repeated where the model takes RGB;
/// * a `.npz` as `image_sample.py` of improved-diffusion writes it: uint8 `arr_0` `[N, h, w, C]` and, for models with classes,
///   int64 (or int32) `arr_1` `[N]`;
/// * a `.npy` of float32 (or float64) `[N, C, h, w]` in [-1, 1].
///
/// Bytes become x / 127.5 - 1 in float32, as in `super_res_sample.py`.
///
/// - Parameter channels: how many the model takes.
/// - Throws: `ImageError.file`, `.npy`, `.npz` and `.lowResolution`.
public func readLowResolution(_ path: String, channels: Int) throws(ImageError) -> LowResolution {
  let bytes = try readFile(path)
  let reader = LowResolutionReader(path: path, channels: channels)
  if bytes.starts(with: pngSignature) {
    return LowResolution(pictures: try reader.picture(png: bytes), labels: nil)
  } else if bytes.starts(with: "PK".utf8) {
    // A gigabyte of pixels is more than anyone enlarges at once.
    return try reader.pictures(npz: try NPZArchive(bytes, path: path, sizeLimit: 1 << 30))
  } else if bytes.starts(with: npyMagic) {
    return LowResolution(pictures: try reader.checked(try readNPY(bytes, path: path)), labels: nil)
  }
  throw .lowResolution(path: path, .format)
}

private let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

/// What reading needs to know, whatever kind of file it is.
private struct LowResolutionReader {
  /// What errors call the file.
  let path: String
  /// How many the model takes.
  let channels: Int

  func picture(png: [UInt8]) throws(ImageError) -> Tensor {
    let picture: Picture
    // A PNG can hold a thousand times its size; 4096×4096 pixels are more than any model's small pictures have.
    do { picture = try Picture(png: png, pixelLimit: 1 << 24) } catch { throw wrong(.png("\(error)")) }
    if picture.channels == 3 && channels == 1 { throw wrong(.colour) }
    let shape = [1, picture.height, picture.width, picture.channels]
    guard picture.channels == channels || picture.channels == 1 && channels == 3 else {
      throw wrong(.pixels(shape: shape, channels: channels))
    }
    return tensor(picture.pixels, shape, channels)
  }

  func pictures(npz archive: NPZArchive) throws(ImageError) -> LowResolution {
    let array = try archive.array("arr_0")
    guard case .uint8(let pixels) = array.elements else { throw wrong(.pixelType(array.elements.type)) }
    guard array.shape.count == 4, array.shape[3] == channels else {
      throw wrong(.pixels(shape: array.shape, channels: channels))
    }
    if pixels.isEmpty { throw wrong(.nothing(shape: array.shape)) }
    return LowResolution(
      pictures: tensor(pixels, array.shape, channels),
      labels: archive.names.contains("arr_1") ? try labels(try archive.array("arr_1"), pictures: array.shape[0]) : nil)
  }

  private func labels(_ array: NPYArray, pictures: Int) throws(ImageError) -> [Int] {
    guard array.shape == [pictures] else { throw wrong(.labels(shape: array.shape, pictures: pictures)) }
    switch array.elements {
    case .int32(let values): return values.map(Int.init)
    case .int64(let values): return values.map(Int.init)
    default: throw wrong(.labelType(array.elements.type))
    }
  }

  /// `x`, if it holds pictures `[N, C, h, w]` in [-1, 1].
  func checked(_ x: Tensor) throws(ImageError) -> Tensor {
    guard x.shape.count == 4, x.shape[1] == channels else { throw wrong(.numbers(shape: x.shape, channels: channels)) }
    if x.count == 0 { throw wrong(.nothing(shape: x.shape)) }
    // Rounding may lead a little outside. The comparison is false for not-a-number.
    if let outside = x.values.first(where: { !(abs($0) <= 1.001) }) { throw wrong(.range(outside)) }
    return x
  }

  private func wrong(_ fault: LowResolutionFault) -> ImageError { .lowResolution(path: path, fault) }
}

/// Bytes `[N, h, w, C]` as `[N, channels, h, w]` in [-1, 1]; the last of too few channels is repeated.
private func tensor(_ pixels: [UInt8], _ shape: [Int], _ channels: Int) -> Tensor {
  let (size, found) = (shape[1] * shape[2], shape[3])
  return Tensor([shape[0], channels, shape[1], shape[2]]) { out in
    for n in 0..<shape[0] {
      for c in 0..<channels {
        let target = out + (n * channels + c) * size
        for i in 0..<size { target[i] = Float(pixels[(n * size + i) * found + min(c, found - 1)]) / 127.5 - 1 }
      }
    }
  }
}
