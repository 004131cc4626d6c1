import DiffusionBytes
import Foundation
import TestSupport
import Testing

@testable import DiffusionCheckpoints

/// Compares what is written for `torch.load` with what PyTorch writes.
///
/// PyTorch 2.15 has saved to a buffer `written.pt`, an OrderedDict of 32 float32 tensors, including scalars and empty
/// ones, and `written-half.pt`, the same after `.half()`.
struct TorchWriterTests {
  private final class Memory: GrowingFile {
    private(set) var bytes: [UInt8] = []

    func append(_ bytes: UnsafeRawBufferPointer) throws(Never) { self.bytes += bytes }

    func append(_ bytes: [UInt8]) throws(Never) { self.bytes += bytes }

    func overwrite(at offset: Int, _ bytes: [UInt8]) throws(Never) {
      self.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
  }

  private func write(_ state: StateDict, half: Bool = false) throws -> [UInt8] {
    let file = Memory()
    try writeTorchArchive(state, half: half, to: file)
    return file.bytes
  }

  private func golden(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: Fixture.path("containers/\(name).pt"))))
  }

  /// The same entries as PyTorch's, byte for byte, including the pickle, except for PyTorch's own bookkeeping.
  @Test(arguments: [("written", false), ("written-half", true)])
  func theEntriesArePyTorchs(name: String, half: Bool) throws {
    let theirs = try golden(name)
    let ours = try write(try StateDict.read(path: Fixture.path("containers/written.pt")), half: half)
    let (expected, found) = (try ZipArchive(theirs).entries, try ZipArchive(ours).entries)
    let left = ["archive/.format_version", "archive/.storage_alignment", "archive/.data/serialization_id"]
    #expect(found.keys.sorted() == expected.keys.filter { !left.contains($0) }.sorted())
    for (name, entry) in found {
      let (place, range) = (entry.place, try #require(expected[name]).place)
      #expect(Array(ours[place]) == Array(theirs[range]), "\(name)")
      #expect(place.lowerBound % 64 == 0 && range.lowerBound % 64 == 0, "\(name)")
    }
    // The first record from the lengths on: name and padding, up to the pickle.
    #expect(ours[26..<64] == theirs[26..<64])
    #expect(found["archive/data.pkl"] == expected["archive/data.pkl"])
  }

  /// The checksums in both records, compared with a bitwise computation.
  @Test func checksumsAreRight() throws {
    let bytes = try write(try StateDict.read(path: Fixture.path("containers/zip.pt")))
    for (name, place) in try ZipArchive(bytes).entries.mapValues(\.place) {
      var crc: UInt32 = ~0
      for byte in bytes[place] {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
      }
      // In the local record, sizes and lengths are between checksum and name; in the directory, more fields are.
      let word = littleEndian(~crc)
      let records = bytes.indices.filter { bytes[$0...].starts(with: name.utf8) }
      #expect(records.count == 2)
      #expect(Array(bytes[records[0] - 16..<records[0] - 12]) == word, "\(name)")
      #expect(Array(bytes[records[1] - 30..<records[1] - 26]) == word, "\(name) in the directory")
    }
  }

  /// Tensors of each kind of file, including strided views, float16, bfloat16 and int64.
  @Test(arguments: [
    "containers/zip.pt", "containers/nested.pt", "containers/legacy.pt", "containers/expected.safetensors",
  ])
  func writtenFilesReadBack(name: String) throws {
    let expected = try Fixture("containers/expected")
    let state = try StateDict.read(path: Fixture.path(name))
    for half in [false, true] {
      let file = try TemporaryFile(try write(state, half: half))
      let read = try StateDict.read(path: file.path)
      #expect(read.names == state.names && read.origin == StateDictOrigin(.torchZip))
      #expect(read.elementTypes.map(\.name) == [half ? "F16" : "F32"])
      for name in expected.names {
        let tensor = expected.tensor(name)
        expectClose(
          try read.tensor(name, shape: tensor.shape), tensor, tolerance: half ? tensor.largestMagnitude * 0x1p-11 : 0,
          "\(name) half \(half)")
      }
      // The same tensors give the same bytes.
      if !half { #expect(try write(read) == write(state)) }
    }
  }

  @Test func numbersTooLargeForHalvesAreNamed() throws {
    let header = #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let file = try TemporaryFile(
      safetensors(header, data: littleEndian(Float(1).bitPattern) + littleEndian(Float(-70000).bitPattern)))
    let state = try StateDict.read(path: file.path)
    #expect(throws: CheckpointError.overflowsHalf(file: file.path, name: "x", value: -70000)) {
      try write(state, half: true)
    }
  }

  @Test func failuresToWriteArePassedOn() throws {
    struct Full: Error {}
    final class FullDisk: GrowingFile {
      func append(_ bytes: UnsafeRawBufferPointer) throws(Full) { throw Full() }
      func append(_ bytes: [UInt8]) throws(Full) {}
      func overwrite(at offset: Int, _ bytes: [UInt8]) throws(Full) {}
    }
    let state = try StateDict.read(path: Fixture.path("containers/zip.pt"))
    #expect(throws: Full.self) { try writeTorchArchive(state, half: false, to: FullDisk()) }
  }
}

/// Compares with Python's `pickle.dumps(…, 2)`.
struct PickleWriterTests {
  @Test(
    arguments: [
      (0, [0x4B, 0]), (255, [0x4B, 0xFF]), (256, [0x4D, 0, 1]), (65535, [0x4D, 0xFF, 0xFF]),
      (65536, [0x4A, 0, 0, 1, 0]), (0x7FFF_FFFF, [0x4A, 0xFF, 0xFF, 0xFF, 0x7F]), (-1, [0x4A, 0xFF, 0xFF, 0xFF, 0xFF]),
      (0x8000_0000, [0x8A, 5, 0, 0, 0, 0x80, 0]), ((1 << 39) - 1, [0x8A, 5, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
      (1 << 39, [0x8A, 6, 0, 0, 0, 0, 0x80, 0]), (1 << 62, [0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x40]),
      (-0x8000_0001, [0x8A, 5, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF]), (-129 << 32, [0x8A, 6, 0, 0, 0, 0, 0x7F, 0xFF]),
    ] as [(Int, [UInt8])])
  func integers(value: Int, expected: [UInt8]) {
    var pickle = PickleWriter()
    pickle.integer(value)
    pickle.stop()
    #expect(pickle.bytes == [0x80, 2] + expected + [UInt8(ascii: ".")])
  }

  /// `zlib.crc32` of `OrderedDict((f"k{i}", i) for i in range(count))`: full batches of a thousand entries, and a
  /// single last one.
  @Test(arguments: [(1000, 0x3F03_00B1), (2001, 0x361F_A59D)] as [(Int, UInt32)])
  func largeDictionaries(count: Int, expected: UInt32) {
    var pickle = PickleWriter()
    var value = 0
    pickle.orderedDict((0..<count).map { "k\($0)" }) { pickle, _ in
      pickle.integer(value)
      value += 1
    }
    pickle.stop()
    var checksum = CRC32()
    checksum.update(pickle.bytes)
    #expect(checksum.value == expected)
  }
}
