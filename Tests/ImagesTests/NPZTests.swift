import DiffusionBytes
import DiffusionImages
import TestSupport
import Testing

struct NPZTests {
  /// Entries of a zip read with code of the test's own.
  @Test func archives() throws {
    let archive = plainNPZ(
      [("arr_0", [1, 2, 2, 1], .uint8([1, 2, 3, 4])), ("arr_1", [1], .int64([-5]))])
    func number(_ offset: Int, _ size: Int) -> Int {
      archive[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let end = archive.count - 22
    #expect(number(end, 4) == 0x0605_4B50)
    #expect(number(end + 10, 2) == 2)
    var entry = number(end + 16, 4)
    for (name, data) in [
      ("arr_0.npy", npy([1, 2, 2, 1], .uint8([1, 2, 3, 4]))), ("arr_1.npy", npy([1], .int64([-5]))),
    ] {
      #expect(number(entry, 4) == 0x0201_4B50 && number(entry + 10, 2) == 0)
      #expect(String(decoding: archive[entry + 46..<entry + 46 + 9], as: UTF8.self) == name)
      let local = number(entry + 42, 4)
      #expect(Array(archive[local + 39..<local + 39 + data.count]) == data)
      #expect(number(entry + 20, 4) == data.count && number(entry + 24, 4) == data.count)
      entry += 55
    }
    #expect(Array(npy([1], .int64([-5])).suffix(8)) == [251, 255, 255, 255, 255, 255, 255, 255])
  }

  /// What NumPy 2.4 writes for `numpy.savez(file, numpy.array([[[[0], [255]]]], 'u1'))`, but for the dictionary's
  /// spaces: sizes in the zip64 field of the entry's own record, and as they are in the directory.
  @Test func readsWhatNumPyWrites() throws {
    let dictionary = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 2, 1), }"
    let header = Array((dictionary + String(repeating: " ", count: 117 - dictionary.count) + "\n").utf8)
    let array: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0] + header + [0, 255]
    let name = Array("arr_0.npy".utf8)
    let local: [UInt8] =
      [0x50, 0x4B, 3, 4, 45, 0, 0, 0, 0, 0, 0, 0, 0x21, 0, 0x79, 0x83, 0x8A, 0x26]
      + [255, 255, 255, 255, 255, 255, 255, 255, 9, 0, 20, 0] + name
      + [1, 0, 16, 0, 130, 0, 0, 0, 0, 0, 0, 0, 130, 0, 0, 0, 0, 0, 0, 0]
    let directory: [UInt8] =
      [0x50, 0x4B, 1, 2, 45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0x21, 0, 0x79, 0x83, 0x8A, 0x26]
      + [130, 0, 0, 0, 130, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 1, 0, 0, 0, 0] + name
    let end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, 55, 0, 0, 0, 189, 0, 0, 0, 0, 0]
    let archive = try NPZArchive(local + array + directory + end, path: "x.npz")
    #expect(archive.names == ["arr_0"])
    let found = try archive.array("arr_0")
    #expect(found.shape == [1, 1, 2, 1])
    #expect(isUInt8(found.elements, [0, 255]))
  }

  private func isUInt8(_ elements: NPYElements, _ values: [UInt8]) -> Bool {
    if case .uint8(let found) = elements { found == values } else { false }
  }

  @Test func everyTypeComesBack() throws {
    let bytes = plainNPZ(
      [
        ("f", [2], .float32([0.1, -.infinity])), ("d", [1, 2], .float64([0.1, 1e300])),
        ("b", [3, 1], .uint8([0, 1, 255])),
        ("i", [2], .int32([.min, 7])), ("l", [], .int64([.min])), ("none", [0, 5], .float32([])),
        ("t", [2, 2], .text(["", "Größe", "\u{1F600}", "a b"])),
      ])
    let archive = try NPZArchive(bytes, path: "x.npz")
    #expect(archive.names == ["b", "d", "f", "i", "l", "none", "t"])
    guard case .float32(let f) = try archive.array("f").elements,
      case .float64(let d) = try archive.array("d").elements,
      case .int32(let i) = try archive.array("i").elements, case .int64(let l) = try archive.array("l").elements,
      case .text(let t) = try archive.array("t").elements
    else {
      Issue.record("an array has changed its type")
      return
    }
    #expect(t == ["", "Größe", "\u{1F600}", "a b"])
    #expect(f == [0.1, -.infinity] && d == [0.1, 1e300] && i == [.min, 7] && l == [.min])
    #expect(isUInt8(try archive.array("b").elements, [0, 1, 255]))
    #expect(
      try ["f", "d", "b", "l", "none"].map { try archive.array($0).shape } == [[2], [1, 2], [3, 1], [], [0, 5]])
  }

  /// A directory that says the sizes and the offset in its zip64 field,
  /// and an end record that says so of the directory.
  @Test func zip64() throws {
    let array = npy([2], .uint8([3, 4]))
    let size = word(array.count)
    let local = zipLocal("a.npy", array)
    var entry = zipEntry(
      "a.npy", size: Int(UInt32.max), checksum: crc32(array), offset: Int(UInt32.max), extraLength: 32)
    // A field of another kind comes first.
    entry += [9, 9, 0, 0, 1, 0, 24, 0] + size + size + word(0)
    let end64: [UInt8] =
      [0x50, 0x4B, 6, 6] + word(44) + [45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0] + word(1) + word(1) + word(entry.count)
      + word(local.count)
    let locator: [UInt8] = [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + word(local.count + entry.count) + [1, 0, 0, 0]
    let end = zipEnd(size: Int(UInt32.max), offset: Int(UInt32.max))
    let bytes = local + entry + end64 + locator + end
    #expect(isUInt8(try NPZArchive(bytes, path: "x").array("a").elements, [3, 4]))

    // Fields that the zip64 part is too short for, and a locator that points elsewhere.
    var short = bytes
    short[local.count + 51 + 4 + 2] = 16
    #expect(throws: fault(.zip(.badRecord(what: "zip64 field of entry a.npy", offset: local.count)))) {
      try NPZArchive(short, path: "x")
    }
    for place in [0, 5, Int.max, -1] {
      let lying = local + entry + end64 + [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + word(place) + [1, 0, 0, 0] + end
      #expect(throws: fault(.zip(.badRecord(what: "zip64 end-of-directory record", offset: place)))) {
        try NPZArchive(lying, path: "x")
      }
    }
  }

  @Test func lyingArchivesAreRefused() throws {
    let array = npy([2], .uint8([3, 4]))
    let local = zipLocal("a.npy", array)
    func archive(_ entries: [UInt8]..., offset: Int? = nil) -> [UInt8] {
      let directory = entries.flatMap { $0 }
      return local + directory + zipEnd(size: directory.count, offset: offset ?? local.count)
    }
    let good = zipEntry("a.npy", size: array.count, checksum: crc32(array))
    let begin = UInt64(35)
    #expect(isUInt8(try NPZArchive(archive(good), path: "x").array("a").elements, [3, 4]))
    // Elements that have changed since they were stored.
    let changed = try NPZArchive(archive(zipEntry("a.npy", size: array.count, checksum: ~crc32(array))), path: "x")
    #expect(throws: fault(.inflate(entry: "a.npy", .checksum))) { try changed.array("a") }

    let total = archive(good).count
    let place = local.count
    let cases: [(bytes: [UInt8], fault: ZipFault)] = [
      ([], .noDirectory), (Array("PK, and nothing else to speak of".utf8), .noDirectory),
      (archive(good).dropLast(), .noDirectory), (archive(good) + [0], .noDirectory),
      (
        archive(zipEntry("a.npy", size: 1000)),
        .beyondEnd(what: "entry a.npy", offset: begin, size: 1000, available: total)
      ),
      (
        archive(zipEntry("a.npy", size: array.count, offset: 1 << 31)),
        .beyondEnd(what: "entry a.npy", offset: 1 << 31, size: 30, available: total)
      ),
      (
        archive(good, offset: 1 << 31),
        .beyondEnd(what: "the zip directory", offset: 1 << 31, size: UInt64(good.count), available: total)
      ),
      (archive(zipEntry("a.npy", size: array.count, offset: 1)), .badRecord(what: "entry a.npy", offset: 1)),
      (archive(zipEntry("b.npy", size: array.count)), .badRecord(what: "entry b.npy", offset: 0)),
      (
        archive(zipEntry("a.npy", size: Int(UInt32.max))),
        .badRecord(what: "zip64 field of entry a.npy", offset: place)
      ),
      (archive(good, [1, 2, 3]), .badRecord(what: "zip directory entry", offset: place + good.count)),
      (
        archive(zipEntry("a.npy", size: array.count, extraLength: 65_535)),
        .badRecord(what: "zip directory entry", offset: place)
      ),
      (
        archive(zipEntry("a.npy", size: array.count, extraLength: 10)),
        .badRecord(what: "zip directory entry", offset: place)
      ),
      // LZMA, and a stored entry of two sizes.
      (archive(zipEntry("a.npy", size: array.count, method: 14)), .compressed(entry: "a.npy")),
      (archive(zipEntry("a.npy", size: array.count, unpacked: 5)), .compressed(entry: "a.npy")),
      (archive(zipEntry("a.npy", size: array.count, flags: 1)), .encrypted(entry: "a.npy")),
      (archive(good, good), .duplicate(entry: "a.npy")),
    ]
    for (bytes, expected) in cases {
      #expect(throws: fault(.zip(expected))) { try NPZArchive(bytes, path: "x") }
    }
  }

  @Test func damagedArchivesAreRefused() throws {
    let bytes = plainNPZ([("arr_0", [2], .uint8([3, 4])), ("arr_1", [1], .int64([5]))])
    for length in 0..<bytes.count {
      #expect(throws: ImageError.self, "\(length) bytes") { try NPZArchive(Array(bytes[..<length]), path: "x") }
    }
    // Whatever byte is wrong: an error or another array, but no crash.
    for i in bytes.indices {
      for value in [0, 0x7F, 0x80, 0xFF] as [UInt8] {
        var damaged = bytes
        damaged[i] = value
        guard let archive = try? NPZArchive(damaged, path: "x") else { continue }
        for name in archive.names { _ = try? archive.array(name) }
      }
    }
  }

  @Test func arraysThatAreNotThere() throws {
    let archive = try NPZArchive(plainNPZ([("x", [1], .int64([5])), ("y", [1], .int64([5]))]), path: "x")
    #expect(throws: fault(.missing(array: "arr_0", found: ["x", "y"]))) { try archive.array("arr_0") }
    let local = zipLocal("a.npy", Array("no array".utf8))
    let entry = zipEntry("a.npy", size: 8, checksum: crc32(Array("no array".utf8)))
    let bytes = local + entry + zipEnd(size: entry.count, offset: local.count)
    #expect(throws: fault(.array("a", .notNPY))) { try NPZArchive(bytes, path: "x").array("a") }
  }

  private func fault(_ fault: NPZFault) -> ImageError { .npz(path: "x", fault) }

  private func word(_ value: Int) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
