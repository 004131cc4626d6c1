import DiffusionImages
import TensorCore
import TestSupport
import Testing

struct InitialPicturesTests {
  private func read(_ bytes: [UInt8], channels: Int, size: Int) throws -> InitialPictures {
    try readInitialPictures(bytes, path: "a", channels: channels, size: size)
  }

  private func expectFault(_ expected: PictureFault, _ body: () throws -> Void) {
    #expect {
      try body()
    } throws: { error in
      guard case ImageError.pictures(let path, let fault) = error else { return false }
      return fault == expected && path == "a" && "\(error)".hasPrefix("a: ")
    }
  }

  private func png(_ width: Int, _ height: Int, _ channels: Int, _ pixels: [UInt8]) throws -> [UInt8] {
    try Picture(width: width, height: height, channels: channels, pixels: pixels).png()
  }

  /// Each byte becomes x / 127.5 - 1 and, written out again, the same byte.
  @Test func bytesComeBack() throws {
    let bytes = (0...255).map { UInt8($0) }
    let initial = try read(try png(16, 16, 1, bytes), channels: 1, size: 16)
    #expect(initial.pictures.shape == [1, 1, 16, 16])
    expectClose(initial.pictures, Tensor([1, 1, 16, 16], bytes.map { Float($0) / 127.5 - 1 }), tolerance: 2.5e-7)
    #expect(uint8Pixels(initial.pictures) == bytes)
    #expect(initial.pictures.values.allSatisfy { abs($0) <= 1 })
  }

  /// Grey for RGB is repeated; RGB for grey becomes luma, 0.299 R + 0.587 G + 0.114 B.
  @Test func channels() throws {
    let grey = try read(try png(2, 2, 1, [0, 60, 120, 255]), channels: 3, size: 2)
    #expect(uint8Pixels(grey.pictures) == [0, 0, 0, 60, 60, 60, 120, 120, 120, 255, 255, 255])
    let rgb = try read(
      try png(2, 2, 3, [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 90]), channels: 1, size: 2)
    let luma: [Float] = [0.299 * 255, 0.587 * 255, 0.114 * 255, 2.99 + 117.4 + 10.26]
    expectClose(rgb.pictures, Tensor([1, 1, 2, 2], luma.map { $0 / 127.5 - 1 }), tolerance: 0.51 / 127.5)
    // What has no alpha is opaque.
    let opaque = try read(try png(1, 1, 3, [1, 2, 3]), channels: 4, size: 1)
    #expect(uint8Pixels(opaque.pictures) == [1, 2, 3, 255])
    // Half as large, with the same alpha.
    let scaled = try read(try png(2, 2, 1, [0, 100, 100, 200]), channels: 2, size: 1)
    #expect(uint8Pixels(scaled.pictures) == [100, 255])
  }

  /// The middle of what is too long, at means of what is too large.
  @Test func isCutAndScaled() throws {
    let wide = try read(try png(4, 2, 1, [9, 10, 20, 9, 9, 30, 40, 9]), channels: 1, size: 2)
    #expect(uint8Pixels(wide.pictures) == [10, 20, 30, 40])
    #expect((wide.width, wide.height) == (4, 2))
    let large = try read(
      try png(4, 4, 1, [0, 4, 8, 8, 4, 8, 8, 8, 100, 100, 0, 0, 100, 100, 0, 200]), channels: 1, size: 2)
    #expect(uint8Pixels(large.pictures) == [4, 8, 100, 50])
    let small = try read(try png(1, 1, 3, [1, 2, 3]), channels: 3, size: 8)
    #expect(uint8Pixels(small.pictures) == (0..<64).flatMap { _ in [1, 2, 3] as [UInt8] })
  }

  @Test func arrays() throws {
    let pixels = (0..<2 * 4).map { UInt8($0 * 30) }
    let archive = plainNPZ([("arr_0", [2, 2, 2, 1], .uint8(pixels)), ("arr_1", [2], .int64([3, 4]))])
    let found = try read(archive, channels: 1, size: 2)
    #expect(found.pictures.shape == [2, 1, 2, 2] && found.labels == [3, 4])
    #expect(uint8Pixels(found.pictures) == pixels)
    let numbers = npy([1, 1, 2, 2], .float32([0.1, 0.2, 0.3, -1]))
    #expect(try read(numbers, channels: 1, size: 2).pictures.values == [0.1, 0.2, 0.3, -1])
    for file in [archive, numbers] {
      expectFault(.size(width: 2, height: 2, model: 4)) { _ = try read(file, channels: 1, size: 4) }
    }
    expectFault(.content(.otherPicture("GIF"))) { _ = try read(Array("GIF89a".utf8), channels: 1, size: 4) }
  }

  /// A header that claims 2³⁰ pixels.
  @Test func bombsAreRefused() {
    let header = PlainPNG(width: 1 << 15, height: 1 << 15, .grey, depth: 1, []).header
    let rest = PlainPNG(width: 1, height: 1, .grey, depth: 1, [0]).bytes.dropFirst(header.count)
    let message = "the PNG cannot be used: it has 32768×32768 pixels, and more than 268435456 are too many"
    expectFault(.undecodable(message)) {
      _ = try read(header + rest, channels: 1, size: 4)
    }
  }

  private func mask(_ bytes: [UInt8], of width: Int, _ height: Int, size: Int) throws -> Tensor {
    let picture = try png(width, height, 1, .init(repeating: 0, count: width * height))
    let initial = try read(picture, channels: 1, size: size)
    return try readMask(bytes, path: "a", for: initial)
  }

  /// White from 128 on; cut as the picture is; of colours the luma counts, of transparency the black below it.
  @Test func masks() throws {
    let greys = try png(2, 2, 1, [0, 127, 128, 255])
    let found = try mask(greys, of: 2, 2, size: 2)
    #expect(found.shape == [1, 1, 2, 2] && found.values == [0, 0, 1, 1])
    let wide = try png(4, 2, 1, [255, 0, 255, 255, 255, 0, 0, 255])
    #expect(try mask(wide, of: 4, 2, size: 2).values == [0, 1, 0, 0])
    let colours = try png(2, 2, 3, [255, 0, 0, 0, 255, 0, 255, 255, 0, 0, 0, 255])
    #expect(try mask(colours, of: 2, 2, size: 2).values == [0, 1, 1, 0])
    let transparent = PlainPNG(width: 2, height: 2, .greyAlpha, depth: 8, [255, 0, 255, 255, 0, 255, 255, 200]).bytes
    #expect(try mask(transparent, of: 2, 2, size: 2).values == [0, 1, 0, 1])
    let bits = PlainPNG(width: 2, height: 2, .grey, depth: 1, [1, 0, 0, 1]).bytes
    #expect(try mask(bits, of: 2, 2, size: 2).values == [1, 0, 0, 1])
  }

  @Test func wrongMasks() throws {
    let white = try png(2, 2, 1, [255, 255, 255, 255])
    expectFault(.maskSize(width: 2, height: 2, pictureWidth: 4, pictureHeight: 2)) {
      _ = try mask(white, of: 4, 2, size: 2)
    }
    expectFault(.maskIsBlack) { _ = try mask(try png(2, 2, 1, [0, 127, 0, 5]), of: 2, 2, size: 2) }
    // White only where it is cut off.
    expectFault(.maskIsBlack) {
      _ = try mask(try png(4, 2, 1, [255, 0, 0, 255, 255, 0, 0, 255]), of: 4, 2, size: 2)
    }
    expectFault(.maskFormat) { _ = try mask(npy([1, 1, 2, 2], .float32([0, 0, 0, 1])), of: 2, 2, size: 2) }
  }
}
