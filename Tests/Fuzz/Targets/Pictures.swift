import DiffusionBytes
import DiffusionCommandLine
import DiffusionImages
import DiffusionTraining
import Sampling

/// Pictures and arrays. What is compressed may hold more than its size;
/// the limits given here are what allocations are held to.
let pictureTargets = [
  // As it is, and once more with checksums put right, without which no change gets far.
  FuzzTarget("png", allowance: 16 << 20) { bytes in
    try? readPNG(bytes)
    try readPNG(withRightChecksums(bytes))
  },
  // TurboJPEG's own memory is not Swift's: the limit on pixels holds both.
  FuzzTarget("jpeg", allowance: 16 << 20) { bytes in
    let picture = try Picture(jpeg: bytes, pixelLimit: 1 << 18)
    blackHole(picture.fitted(toSquare: 28).converted(toChannels: 1))
  },
  FuzzTarget("npz", allowance: 16 << 20) { bytes in
    let archive = try NPZArchive(bytes, path: "x.npz", sizeLimit: 4 << 20)
    for name in archive.names { blackHole(try? archive.array(name)) }
  },
  FuzzTarget("npy") { bytes in
    blackHole(try? readInitialPictures(bytes, path: "x.npy", channels: 1, size: 2))
    blackHole(try readNPY(bytes, path: "x.npy"))
  },
  // Arrays of a sound archive, one behind the other: images, labels and names of classes.
  FuzzTarget("dataset", allowance: 16 << 20) { bytes in
    let path = ScratchFolder.write(try archive(of: bytes), as: "data.npz")
    let data = try ImageDataset(path: path, imageSize: 8, channels: 3, classes: true)
    blackHole(try data.image(data.count - 1))
  },
]

private func readPNG(_ bytes: [UInt8]) throws {
  let chunks = try pngText(bytes)
  if let provenance = try Provenance.read(chunks) {
    blackHole((try? RecordedDrawing(provenance), try? drawingCommand(provenance)))
  }
  if let clear = try? Picture(png: bytes, pixelLimit: 1 << 20, over: nil), clear.channels % 2 == 0 {
    blackHole(clear.fittedWithAlpha(toSquare: 28))
  }
  let picture = try Picture(png: bytes, pixelLimit: 1 << 20, over: Background(red: 255, green: 128, blue: 0))
  blackHole(picture.fitted(toSquare: 28).converted(toChannels: 1))
}

/// The chunks of a PNG with the CRCs that they should have.
private func withRightChecksums(_ png: [UInt8]) -> [UInt8] {
  var png = png
  var offset = 8
  while offset + 12 <= png.count {
    let length = png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    let end = offset + 8 + length
    guard end + 4 <= png.count else { break }
    var crc = CRC32()
    crc.update(Array(png[offset + 4..<end]))
    for i in 0..<4 { png[end + i] = UInt8(truncatingIfNeeded: crc.value >> (24 - 8 * i)) }
    offset = end + 4
  }
  return png
}

/// An archive of arrays that follow one another; each begins with NumPy's magic bytes.
private func archive(of bytes: [UInt8]) throws -> [UInt8] {
  let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  var begins = bytes.indices.filter { bytes[$0] == magic[0] && bytes[$0...].starts(with: magic) }.prefix(3)
  begins.append(bytes.count)
  let arrays = zip(begins, begins.dropFirst()).map { Array(bytes[$0..<$1]) }
  return try zipArchive(Array(zip(["images.npy", "labels.npy", "class_names.npy"], arrays)))
}
