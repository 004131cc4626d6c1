import TensorCore

/// Reads images for a model from a PNG, JPEG, `.npz` or `.npy`, which it tells apart by content, not by name.
struct PictureReader {
  /// The file's name in errors.
  let path: String
  /// The model's image channels.
  let channels: Int
  private var hasAlpha: Bool { channels == 2 || channels == 4 }
  /// The value of each byte of a pixel, in [-1, 1].
  private let values: [Float]

  /// - Parameter value: maps a byte of a pixel to its value.
  init(path: String, channels: Int, value: (UInt8) -> Float) {
    self.path = path
    self.channels = channels
    values = (UInt8.min...UInt8.max).map(value)
  }

  /// A file by its format.
  enum File {
    /// A PNG or JPEG.
    case picture([UInt8])
    case npz([UInt8])
    case npy([UInt8])
  }

  /// Determines the format of a file.
  func file(_ bytes: [UInt8]) throws(ImageError) -> File {
    if bytes.starts(with: "PK".utf8) { return .npz(bytes) }
    if bytes.starts(with: npyMagic) { return .npy(bytes) }
    switch PictureContent(bytes) {
    case .png, .jpeg: return .picture(bytes)
    case .unknown: throw wrong(.format)
    case let content: throw wrong(.content(content))
    }
  }

  /// Decodes a PNG or JPEG: with alpha for a model that has it, where what had none is opaque, otherwise over black.
  func picture(_ bytes: [UInt8]) throws(ImageError) -> Picture {
    do {
      if hasAlpha { return try Picture(file: bytes, over: nil).withAlpha(channels: channels) }
      return try Picture(file: bytes)
    } catch {
      // The machine is at fault, not the file.
      if error.isOfMachine { throw error }
      throw wrong(.undecodable("\(error)"))
    }
  }

  /// `picture` as a square of `size` pixels.
  func fitted(_ picture: Picture, size: Int) -> Picture {
    hasAlpha ? picture.fittedWithAlpha(toSquare: size) : picture.fitted(toSquare: size)
  }

  /// `picture` as `[1, channels, h, w]`; grey is repeated.
  func tensor(_ picture: Picture) throws(ImageError) -> Tensor {
    let shape = [1, picture.height, picture.width, picture.channels]
    guard picture.channels == channels || picture.channels == 1 && channels == 3 else {
      throw wrong(.pixels(shape: shape, channels: channels))
    }
    return tensor(picture.pixels, shape)
  }

  /// uint8 `arr_0` (or `images`) `[N, h, w, channels]`, and `arr_1` (or `labels`) `[N]` if it exists.
  func pictures(npz bytes: [UInt8]) throws(ImageError) -> (pictures: Tensor, labels: [Int]?) {
    // A gigabyte of pixels is more than anyone gives a model at once.
    let archive = try NPZArchive(bytes, path: path, sizeLimit: 1 << 30)
    let array = try archive.array(["arr_0", "images"].first(where: archive.names.contains) ?? "arr_0")
    guard case .uint8(let pixels) = array.elements else {
      throw wrong(.pixelType(array.elements.type, expression: ArrayAdvice.bytes(of: array.elements)))
    }
    guard let shape = pictureShape(array.shape), shape[3] == channels else {
      throw wrong(.pixels(shape: array.shape, channels: channels))
    }
    if pixels.isEmpty { throw wrong(.nothing(shape: array.shape)) }
    return (
      tensor(pixels, shape),
      try ["arr_1", "labels"].first(where: archive.names.contains).map { name throws(ImageError) in
        try labels(try archive.array(name), pictures: array.shape[0])
      }
    )
  }

  private func labels(_ array: NPYArray, pictures: Int) throws(ImageError) -> [Int] {
    guard array.shape == [pictures] else { throw wrong(.labels(shape: array.shape, pictures: pictures)) }
    switch array.elements {
    case .uint8(let values): return values.map(Int.init)
    case .int32(let values): return values.map(Int.init)
    case .int64(let values): return values.map(Int.init)
    default: throw wrong(.labelType(array.elements.type))
    }
  }

  /// Floating-point numbers `[N, channels, h, w]` in [-1, 1].
  func pictures(npy bytes: [UInt8]) throws(ImageError) -> Tensor {
    let x = try readNPY(bytes, path: path)
    guard x.shape.count == 4, x.shape[1] == channels else { throw wrong(.numbers(shape: x.shape, channels: channels)) }
    if x.count == 0 { throw wrong(.nothing(shape: x.shape)) }
    // Rounding can exceed the range slightly. The comparison is false for NaN.
    if let outside = x.values.first(where: { !(abs($0) <= 1.001) }) {
      throw wrong(.range(outside, expression: ArrayAdvice.signed(x.values)))
    }
    return x
  }

  /// Converts bytes `[N, h, w, C]` to `[N, channels, h, w]`, repeating the last channel if there are too few.
  private func tensor(_ pixels: [UInt8], _ shape: [Int]) -> Tensor {
    let (size, found) = (shape[1] * shape[2], shape[3])
    return Tensor([shape[0], channels, shape[1], shape[2]]) { out in
      for n in 0..<shape[0] {
        for c in 0..<channels {
          let target = out + (n * channels + c) * size
          for i in 0..<size { target[i] = values[Int(pixels[(n * size + i) * found + min(c, found - 1)])] }
        }
      }
    }
  }

  /// The error for `fault` in this file.
  func wrong(_ fault: PictureFault) -> ImageError { .pictures(path: path, fault) }
}
