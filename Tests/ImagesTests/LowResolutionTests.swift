import DiffusionImages
import Foundation
import TestSupport
import Testing

struct LowResolutionTests {
  /// What `readLowResolution` makes of a file of the given bytes.
  private func read(_ bytes: [UInt8], channels: Int) throws -> LowResolution {
    let path = NSTemporaryDirectory() + "low-resolution-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try readLowResolution(path, channels: channels)
  }

  /// Expects a fault, and a sentence that names the file.
  private func expectFault(
    _ bytes: [UInt8], channels: Int, _ expected: PictureFault, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(sourceLocation: sourceLocation) {
      _ = try read(bytes, channels: channels)
    } throws: { error in
      guard case ImageError.pictures(let path, let fault) = error else { return false }
      return fault == expected && "\(error)".hasPrefix(path + ": ")
    }
  }

  private func png(_ width: Int, _ height: Int, _ channels: Int, _ pixels: [UInt8]) throws -> [UInt8] {
    try Picture(width: width, height: height, channels: channels, pixels: pixels).png()
  }

  private func archive(_ shape: [Int], _ pixels: [UInt8], _ labels: (shape: [Int], NPYElements)? = nil) throws
    -> [UInt8]
  {
    let others = labels.map { [("arr_1", $0.shape, $0.1)] } ?? []
    return plainNPZ([("arr_0", shape, .uint8(pixels))] + others)
  }

  // x / 127.5 - 1 in float32, by hand, for 51 and 204.
  private let dark: Float = 0.4 - 1
  private let light: Float = 1.6 - 1

  @Test func pngs() throws {
    let grey = try png(3, 1, 1, [0, 51, 255])
    #expect(try read(grey, channels: 1).pictures.shape == [1, 1, 1, 3])
    #expect(try read(grey, channels: 1).pictures.values == [-1, dark, 1])
    #expect(try read(grey, channels: 3).pictures.shape == [1, 3, 1, 3])
    #expect(try read(grey, channels: 3).pictures.values == [-1, dark, 1, -1, dark, 1, -1, dark, 1])
    let rgb = try png(1, 2, 3, [0, 51, 204, 255, 0, 51])
    let found = try read(rgb, channels: 3)
    #expect(found.pictures.shape == [1, 3, 2, 1] && found.labels == nil)
    #expect(found.pictures.values == [-1, 1, dark, -1, light, dark])
    expectFault(rgb, channels: 1, .colour)
    // What has no alpha is opaque: planes of red, green, blue and alpha.
    let opaque = try read(rgb, channels: 4).pictures
    #expect(opaque.shape == [1, 4, 2, 1] && opaque.values == [-1, 1, dark, -1, light, dark, 1, 1])
    #expect(try read(grey, channels: 2).pictures.values == [-1, dark, 1, 1, 1, 1])
    let cut = Array(grey.prefix(20))
    #expect {
      _ = try read(cut, channels: 1)
    } throws: { error in
      guard case ImageError.pictures(_, .undecodable) = error else { return false }
      return true
    }
  }

  @Test func archives() throws {
    let pixels: [UInt8] = [0, 51, 204, 255, 0, 51, 1, 1, 1, 2, 2, 2]
    let found = try read(try archive([2, 2, 1, 3], pixels, ([2], .int64([7, -1]))), channels: 3)
    #expect(found.pictures.shape == [2, 3, 2, 1] && found.labels == [7, -1])
    #expect(Array(found.pictures.values[..<6]) == [-1, 1, dark, -1, light, dark])
    let second: [Float] = [1 / 127.5 - 1, 2 / 127.5 - 1]
    #expect([found.pictures[6], found.pictures[11]] == second)
    #expect(try read(try archive([2, 2, 1, 3], pixels, ([2], .int32([7, 8]))), channels: 3).labels == [7, 8])
    #expect(try read(try archive([3, 2, 2, 1], pixels), channels: 1).labels == nil)
  }

  @Test func wrongArchives() throws {
    expectFault(try archive([1, 1, 2, 1], [0, 0]), channels: 3, .pixels(shape: [1, 1, 2, 1], channels: 3))
    expectFault(try archive([2, 3, 1], [0, 0, 0, 0, 0, 0]), channels: 1, .pixels(shape: [2, 3, 1], channels: 1))
    expectFault(try archive([0, 8, 8, 1], []), channels: 1, .nothing(shape: [0, 8, 8, 1]))
    expectFault(try archive([1, 0, 8, 1], []), channels: 1, .nothing(shape: [1, 0, 8, 1]))
    for shape in [[1], [3], [2, 1], []] {
      let labels = NPYElements.int64([Int64](repeating: 0, count: shape.reduce(1, *)))
      expectFault(
        try archive([2, 1, 1, 1], [0, 0], (shape, labels)), channels: 1, .labels(shape: shape, pictures: 2))
    }
    expectFault(try archive([1, 1, 1, 1], [0], ([1], .float32([3]))), channels: 1, .labelType("<f4"))
    let numbers = plainNPZ([("arr_0", [1, 1, 1, 1], .float32([0]))])
    expectFault(
      numbers, channels: 1, .pixelType("<f4", expression: "(array * 255).round().clip(0, 255).astype('uint8')"))
    let others = plainNPZ([("pictures", [1, 1, 1, 1], .uint8([0]))])
    #expect {
      _ = try read(others, channels: 1)
    } throws: { error in
      guard case ImageError.npz(_, let fault) = error else { return false }
      return fault == .missing(array: "arr_0", found: ["pictures"])
    }
  }

  @Test("The arrays may have the names that training data has, and grey pictures no channels")
  func namesOfTrainingData() throws {
    let bytes = plainNPZ([("images", [1, 2, 2], .uint8([0, 255, 51, 0])), ("labels", [1], .uint8([200]))])
    let found = try read(bytes, channels: 1)
    #expect(found.pictures.shape == [1, 1, 2, 2] && found.labels == [200])
    #expect(found.pictures.values == [-1, 1, -0.6, -1])
  }

  @Test func numbers() throws {
    let values: [Float] = [-1, -0.5, 0, 0.25, 0.5, 1.000001]
    let found = try read(npy([1, 3, 1, 2], .float32(values)), channels: 3)
    #expect(found.pictures.shape == [1, 3, 1, 2] && found.pictures.values == values && found.labels == nil)
    #expect(try read(npy([1, 1, 1, 1], .float64([0.5])), channels: 1).pictures.values == [0.5])
    expectFault(npy([1, 3, 1, 2], .float32(values)), channels: 1, .numbers(shape: [1, 3, 1, 2], channels: 1))
    expectFault(npy([6], .float32(values)), channels: 1, .numbers(shape: [6], channels: 1))
    expectFault(npy([0, 1, 4, 4], .float32([])), channels: 1, .nothing(shape: [0, 1, 4, 4]))
    let expressions: [(Float, String?)] = [
      (255, "(array / 127.5 - 1).clip(-1, 1).astype('float32')"), (-1.5, "array.clip(-1, 1)"), (.infinity, nil),
    ]
    for (wrong, expression) in expressions {
      expectFault(
        npy([1, 1, 1, 2], .float32([0, wrong])), channels: 1, .range(wrong, expression: expression))
    }
    #expect(throws: ImageError.self) { try read(npy([1, 1, 1, 1], .float32([.nan])), channels: 1) }
    #expect(throws: ImageError.self) { try read(npy([1, 1, 1, 1], .uint8([0])), channels: 1) }
  }

  @Test func otherFiles() {
    expectFault([], channels: 3, .content(.nothing))
    expectFault(Array("GIF89a".utf8), channels: 3, .content(.otherPicture("GIF")))
    expectFault(Array("no picture".utf8), channels: 3, .format)
    let none = "/nowhere/small.png"
    #expect(throws: ImageError.file(.refused(path: none, action: "be read", reason: "No such file or directory"))) {
      try readLowResolution(none, channels: 3)
    }
  }
}
