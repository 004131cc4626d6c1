import DiffusionBytes
import DiffusionImages
import TestSupport
import Testing

struct InflateTests {
  @Test func readsWhatNumPyCompresses() throws {
    let archive = try NPZArchive(compressedNPZ, path: "x")
    #expect(archive.names == ["class_names", "codes", "images", "labels"])
    let images = try archive.array("images")
    guard case .uint8(let pixels) = images.elements, case .text(let names) = try archive.array("class_names").elements,
      case .text(let codes) = try archive.array("codes").elements,
      case .uint8(let labels) = try archive.array("labels").elements
    else {
      Issue.record("an array has another type")
      return
    }
    #expect(images.shape == [10, 4, 6] && pixels == (0..<240).map { UInt8($0 % 6) })
    #expect(labels == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    #expect(names == ["zäh", "b"] && codes == ["ab", "c"])
  }

  /// A deflate stream of one stored block.
  private func stored(_ data: [UInt8], length: Int? = nil) -> [UInt8] {
    let length = UInt16(length ?? data.count)
    return [1, UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)] + data
  }

  private func archive(
    _ stream: [UInt8], unpacked: Int, checksum: UInt32, sizeLimit: Int = 1 << 20
  ) throws -> NPZArchive {
    let local = zipLocal("a.npy", stream)
    let entry = zipEntry("a.npy", size: stream.count, unpacked: unpacked, checksum: checksum, method: 8)
    return try NPZArchive(
      local + entry + zipEnd(size: entry.count, offset: local.count), path: "x", sizeLimit: sizeLimit)
  }

  @Test func lyingStreamsAreRefused() throws {
    let array = npy([3], .uint8([3, 4, 5]))
    let (size, sum) = (array.count, crc32(array))
    let good = stored(array)
    guard case .uint8(let found) = try archive(good, unpacked: size, checksum: sum).array("a").elements else {
      Issue.record("an array has changed its type")
      return
    }
    #expect(found == [3, 4, 5])

    // The same stream, or a few bytes of another, said to be something else.
    let cases: [(stream: [UInt8], unpacked: Int, checksum: UInt32, limit: Int, fault: InflateFault)] = [
      (good, size - 1, sum, 1 << 20, .tooLong(size: size - 1)),
      (good, 0, sum, 1 << 20, .tooLong(size: 0)),
      (good, size + 1, sum, 1 << 20, .tooShort(size: size + 1, found: size)),
      (good, size, sum ^ 1, 1 << 20, .checksum),
      (good, size, sum, size - 1, .tooLarge(size: size, limit: size - 1)),
      (good, Int(UInt32.max) - 1, sum, .max, .tooLarge(size: Int(UInt32.max) - 1, limit: good.count * 1032)),
      (good + [0], size, sum, 1 << 20, .damaged),
      (good.dropLast(), size, sum, 1 << 20, .damaged),
      (stored(array, length: size + 5), size, sum, 1 << 20, .damaged),
      ([0xFF, 0xFF, 0xFF], size, sum, 1 << 20, .damaged),
      ([], 0, 0, 1 << 20, .damaged),
    ]
    for (stream, unpacked, checksum, limit, fault) in cases {
      let archive = try archive(stream, unpacked: unpacked, checksum: checksum, sizeLimit: limit)
      #expect(throws: ImageError.npz(path: "x", .inflate(entry: "a.npy", fault)), "\(fault)") {
        try archive.array("a")
      }
    }
  }

  @Test func damagedArchivesAreRefused() throws {
    for i in compressedNPZ.indices {
      for value in [0, 0x7F, 0x80, 0xFF] as [UInt8] {
        var damaged = compressedNPZ
        damaged[i] = value
        guard let archive = try? NPZArchive(damaged, path: "x") else { continue }
        for name in archive.names { _ = try? archive.array(name) }
      }
    }
    // Within the packed pixels, a wrong byte never goes unnoticed.
    for i in 80..<120 {
      var damaged = compressedNPZ
      damaged[i] ^= 0x10
      #expect(throws: ImageError.self, "byte \(i)") { try NPZArchive(damaged, path: "x").array("images") }
    }
  }
}
