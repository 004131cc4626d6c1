import DiffusionBytes
import Foundation
import Testing

struct ZipWriterTests {
  /// A file in memory.
  private final class Memory: GrowingFile {
    private(set) var bytes: [UInt8] = []

    func append(_ bytes: UnsafeRawBufferPointer) throws(Never) { self.bytes += bytes }

    func append(_ bytes: [UInt8]) throws(Never) { self.bytes += bytes }

    func overwrite(at offset: Int, _ bytes: [UInt8]) throws(Never) {
      self.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
  }

  /// A file on disk in which large pieces, which must be zeros, become holes.
  private final class Holes: GrowingFile {
    let path = NSTemporaryDirectory() + "zip-\(UUID().uuidString)"
    private let file: FileHandle
    private var count: UInt64 = 0

    init() throws {
      try Data().write(to: URL(fileURLWithPath: path))
      file = try #require(FileHandle(forUpdatingAtPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func append(_ bytes: UnsafeRawBufferPointer) throws { try append(Array(bytes)) }

    func append(_ bytes: [UInt8]) throws {
      if bytes.count < 1 << 20 {
        try file.seek(toOffset: count)
        try file.write(contentsOf: bytes)
      }
      count += UInt64(bytes.count)
    }

    func overwrite(at offset: Int, _ bytes: [UInt8]) throws {
      try file.seek(toOffset: UInt64(offset))
      try file.write(contentsOf: bytes)
    }
  }

  private func number(_ bytes: some Collection<UInt8>) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }

  /// For any length of the name, bytes are aligned, and the local record has the length of the padding.
  @Test func entriesLieAligned() throws {
    for length in 1...70 {
      let file = Memory()
      let zip = ZipWriter(file)
      let name = String(repeating: "n", count: length)
      zip.begin(name, size: 3, alignment: 64)
      zip.append(entry: [1, 2])
      zip.append(entry: [3])
      zip.begin("empty", size: 0, alignment: 64)
      zip.begin("as it comes", size: 1)
      zip.append(entry: [4])
      zip.finish()
      let entries = try ZipArchive(file.bytes).entries
      #expect(entries.count == 3)
      let place = try #require(entries[name]).place
      #expect(place.lowerBound % 64 == 0 && Array(file.bytes[place]) == [1, 2, 3])
      let extra = Array(file.bytes[30 + length..<place.lowerBound])
      #expect(extra.count == number(file.bytes[28..<30]) && extra.count < 64 + 4)
      #expect(Array(extra[..<2]) == Array("FB".utf8) && number(extra[2..<4]) == extra.count - 4)
      #expect(extra[4...].allSatisfy { $0 == UInt8(ascii: "Z") })
      #expect((entries["empty"]?.place).map { $0.lowerBound % 64 == 0 && $0.isEmpty } == true)
      let last = try #require(entries["as it comes"]).place
      #expect(file.bytes[last.lowerBound] == 4)
    }
  }

  /// An entry of more than 4 GiB, and one after it: zip64 in both kinds of records and at the end. The directory reads
  /// back, with the known checksum of so many zeros.
  @Test func sizesBeyond4GiB() throws {
    let file = try Holes()
    let zip = ZipWriter(file)
    let piece = [UInt8](repeating: 0, count: 1 << 26)
    let pieces = 65
    try zip.begin("large", size: pieces * piece.count, alignment: 64)
    for _ in 0..<pieces { try zip.append(entry: piece) }
    try zip.begin("small", size: 1, alignment: 64)
    try zip.append(entry: [5])
    try zip.finish()

    let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path), options: .alwaysMapped)
    let entries = try bytes.withUnsafeBytes { try ZipArchive($0) }.entries
    let (large, small) = (try #require(entries["large"]).place, try #require(entries["small"]).place)
    #expect(large == 64..<64 + pieces << 26 && small.lowerBound % 64 == 0 && bytes[small.lowerBound] == 5)
    // python3 -c "import zlib; c = 0; [c := zlib.crc32(bytes(1 << 26), c) for _ in range(65)]; print(hex(c))"
    #expect(number(bytes[14..<18]) == 0x0C0B_9A78)
    #expect(bytes[18..<26].allSatisfy { $0 == 0xFF } && number(bytes[28..<30]) == 64 - 35)
    #expect(number(bytes[35..<39]) == 0x10_0001 && number(bytes[39..<47]) == large.count)
    #expect(number(bytes[47..<55]) == large.count && Array(bytes[55..<57]) == Array("FB".utf8))
  }

  /// More entries than the two bytes of the last record can count.
  @Test func manyEntries() throws {
    let file = Memory()
    let zip = ZipWriter(file)
    for i in 0..<70_000 { zip.begin("\(i)", size: 0) }
    zip.finish()
    let end = file.bytes.count - 22
    #expect(number(file.bytes[end + 10..<end + 12]) == 0xFFFF)
    // After the signature, the record's size, versions and disks.
    #expect(number(file.bytes[end - 20 - 56 + 32..<end - 20 - 56 + 40]) == 70_000)
    #expect(try ZipArchive(file.bytes).entries.count == 70_000)
  }
}
