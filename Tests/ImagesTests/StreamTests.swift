import DiffusionBytes
import DiffusionFiles
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionImages

/// Files that grow while images are drawn.
struct StreamTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "streams-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

  private var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
  }

  /// The same bytes as put together in memory; nothing under the name before the end.
  @Test func npzGrows() throws {
    defer { cleanUp() }
    let path = folder + "/x.npz"
    let pixels = (0..<3 * 4).map { UInt8($0 * 20) }
    let stream = try NPZWriter(path: path, shape: [3, 2, 2, 1])
    for n in 0..<3 { try stream.append(Array(pixels[n * 4..<n * 4 + 4])) }
    #expect(try files.allSatisfy { $0.hasPrefix(".x.npz.") && $0.hasSuffix(".tmp") })
    try stream.finish(labels: [7, 8, 9])
    #expect(try files == ["x.npz"])
    let expected = plainNPZ([
      ("arr_0", [3, 2, 2, 1], .uint8(pixels)), ("arr_1", [3], .int64([7, 8, 9])),
    ])
    #expect(try readFile(path) == expected)
    let unlabelled = try NPZWriter(path: path, shape: [1, 2, 2, 1])
    try unlabelled.append([1, 2, 3, 4])
    try unlabelled.finish(labels: nil as [Int]?)
    #expect(try readFile(path) == plainNPZ([("arr_0", [1, 2, 2, 1], .uint8([1, 2, 3, 4]))]))
  }

  @Test func npyGrows() throws {
    defer { cleanUp() }
    let stream = try NPYWriter(path: folder + "/x.npy", shape: [2, 3])
    try stream.append(Tensor([1, 3], [1, 2, 3]))
    try stream.append(Tensor([1, 3], [4, 5, -6]))
    try stream.finish()
    #expect(try readFile(folder + "/x.npy") == npy([2, 3], .float32([1, 2, 3, 4, 5, -6])))
  }

  /// POSIX ustar, field by field.
  @Test func tarGrows() throws {
    defer { cleanUp() }
    let file = try AtomicFile(path: folder + "/x.tar")
    let stream = TarWriter(file)
    try stream.append("00000.png", [1, 2, 3])
    try stream.append("00001.png", [UInt8](repeating: 9, count: 512))
    try stream.finish()
    try file.finish()
    let bytes = try readFile(folder + "/x.tar")
    #expect(bytes.count == 512 * (2 + 2 + 2))
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range].prefix { $0 != 0 }, as: UTF8.self) }
    #expect(text(0..<100) == "00000.png")
    #expect(text(100..<108) == "0000644" && text(108..<116) == "0000000" && text(116..<124) == "0000000")
    #expect(text(124..<136) == "00000000003" && text(136..<148) == "00000000000")
    #expect(text(156..<157) == "0" && text(257..<263) == "ustar" && text(263..<265) == "00")
    #expect(text(265..<297) == "root" && text(297..<329) == "root")
    let sum = bytes[..<148].reduce(0) { $0 + Int($1) } + 8 * 32 + bytes[156..<512].reduce(0) { $0 + Int($1) }
    #expect(text(148..<156) == "0" + String(sum, radix: 8))
    #expect(Array(bytes[512..<516]) == [1, 2, 3, 0])
    #expect(text(1024..<1124) == "00001.png" && bytes[2047] == 9 && bytes[2048...].allSatisfy { $0 == 0 })
  }

  /// What is given up leaves nothing behind.
  @Test func unfinishedFilesGoAway() throws {
    defer { cleanUp() }
    do {
      let file = try AtomicFile(path: folder + "/x")
      try file.append([1])
      #expect(try files.count == 1)
    }
    #expect(try files == [])
    let file = try AtomicFile(path: folder + "/x")
    try file.append([1, 2, 3, 4])
    try file.overwrite(at: 1, [9, 8])
    try file.finish()
    #expect(try readFile(folder + "/x") == [1, 9, 8, 4])
  }
}

struct PNGTextTests {
  private func png() throws -> [UInt8] {
    try Picture(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6]).png(
      text: [
        ("Software", "sample"), ("parameters", "Steps: 5, Seed: 1"), ("long", String(repeating: "x", count: 5000)),
      ])
  }

  @Test func isReadInOrder() throws {
    let chunks = try pngText(png())
    #expect(chunks.map(\.key) == ["Software", "parameters", "long"])
    #expect(chunks[1].value == "Steps: 5, Seed: 1")
    #expect(chunks[2].value.count == 5000)
  }

  /// A file that is cut short anywhere, or damaged anywhere, is not whole.
  @Test func damageIsSeen() throws {
    let whole = try png()
    for length in 0..<whole.count {
      #expect(throws: ImageError.self, "\(length) bytes") { try pngText(Array(whole[..<length])) }
    }
    for i in whole.indices {
      var damaged = whole
      damaged[i] ^= 0x10
      #expect(throws: ImageError.self, "byte \(i)") { try pngText(damaged) }
    }
  }
}
