import DiffusionCheckpoints
import Foundation
import TensorCore
import TestSupport
import Testing

/// Tensors large enough to stay in the mapped file.
struct LargeTensorTests {
  private static let count = 2 << 20

  /// A file with one float32 tensor, 0, 1, 2, …, whose elements begin at an address that is `shift` modulo 4.
  private func file(shift: Int = 0) throws -> TemporaryFile {
    let header = #"{"x":{"dtype":"F32","shape":[2,\#(Self.count / 2)],"data_offsets":[0,\#(4 * Self.count)]}}"#
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8 + shift)
    let data = (0..<Self.count).map { Float($0) }.withUnsafeBytes { Array($0) }
    return try TemporaryFile(safetensors(header + padding, data: data))
  }

  @Test(arguments: [0, 1])
  func readAsTheyLie(shift: Int) throws {
    let file = try file(shift: shift)
    let tensor = try StateDict.read(path: file.path).tensor("x", shape: [2, Self.count / 2])
    #expect(tensor.values == (0..<Self.count).map { Float($0) })
  }

  /// Writing to the mapping itself would crash the program.
  @Test func writingCopies() throws {
    let file = try file()
    let state = try StateDict.read(path: file.path)
    var tensor = try state.tensor("x", shape: [2, Self.count / 2])
    tensor[1] = -1
    tensor[2] = -2
    #expect(tensor.values[..<4] == [0, -1, -2, 3])
    #expect(try state.tensor("x", shape: [2, Self.count / 2]).values[..<4] == [0, 1, 2, 3])
  }

  /// The tensor keeps the file mapped, even after the state dict is gone and the file deleted.
  @Test func theTensorKeepsTheFile() throws {
    func read() throws -> Tensor {
      let file = try file()
      return try StateDict.read(path: file.path).tensor("x", shape: [2, Self.count / 2])
    }
    let tensor = try read()
    #expect(tensor[Self.count - 1] == Float(Self.count - 1))
  }

  #if os(Linux)
    /// The size in bytes of the file's pages that are resident in this process.
    private func resident(_ path: String) throws -> Int {
      // The file claims to be empty, so it must be read to its end.
      let maps = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/smaps")).readToEnd() ?? Data()
      let lines = String(decoding: maps, as: UTF8.self).split(separator: "\n")
      var bytes = 0
      var isFile = false
      for line in lines {
        if line.contains("-") && line.contains(" r") { isFile = line.hasSuffix(path) }
        if isFile && line.hasPrefix("Rss:") { bytes += (Int(line.split(separator: " ")[1]) ?? 0) << 10 }
      }
      return bytes
    }

    /// Aligned elements are borrowed; others are copied.
    @Test(arguments: [0, 1])
    func pagesAreGivenBack(shift: Int) throws {
      let file = try file(shift: shift)
      let state = try StateDict.read(path: file.path)
      do {
        let tensor = try state.tensor("x", shape: [2, Self.count / 2])
        #expect(tensor.values.last == Float(Self.count - 1))
        if shift == 0 { #expect(try resident(file.path) > 7 << 20) }
        withExtendedLifetime(tensor) {}
      }
      #expect(try resident(file.path) < 1 << 20)
      #expect(try state.tensor("x", shape: [2, Self.count / 2])[12345] == 12345)
    }
  #endif
}
