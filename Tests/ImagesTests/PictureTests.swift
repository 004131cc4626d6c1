import DiffusionImages
import TensorCore
import TestSupport
import Testing

struct PictureTests {
  /// Upstream's pixels for its own samples, to the bit.
  @Test(arguments: ["ddim10", "ddim50", "ddpm50", "ddim50-guidance2"])
  func pixelsAgreeWithTheOriginal(tag: String) throws {
    let reference = try Fixture("digits.io")
    let x = reference.tensor("\(tag).sample")
    #expect(uint8Pixels(x) == reference.bytes("\(tag).pixels"))
    let third = try Picture(x, 3)
    #expect((third.width, third.height, third.channels) == (28, 28, 1))
    #expect(third.pixels == Array(reference.bytes("\(tag).pixels")[3 * 784..<4 * 784]))
  }

  @Test func channelsAreInterleaved() throws {
    let x = Tensor([1, 3, 1, 2], [-1, 1, 0, 0.5, 1, -1])
    #expect(try Picture(x, 0).pixels == [0, 127, 255, 255, 191, 0])
  }

  @Test func valuesOutsideAreClamped() {
    let x = Tensor([1, 1, 1, 6], [-5, 5, .infinity, -.infinity, .nan, 0.999])
    #expect(uint8Pixels(x) == [0, 255, 255, 0, 0, 254])
  }

  @Test func otherChannelCountsAreRefused() {
    #expect(throws: ImageError.channels(5)) { try Picture(Tensor(zeros: [1, 5, 4, 4]), 0) }
  }

  @Test func enlarging() throws {
    let picture = Picture(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
    let row: [UInt8] = [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]
    #expect(try picture.enlarged(by: 2) == Picture(width: 4, height: 2, channels: 3, pixels: row + row))
    #expect(try picture.enlarged(by: 1) == picture)
    #expect(throws: ImageError.tooLarge(width: 2 << 40, height: 1 << 40)) { try picture.enlarged(by: 1 << 40) }
  }

  @Test func sheets() throws {
    func dot(_ value: UInt8) -> Picture { Picture(width: 1, height: 2, channels: 1, pixels: [value, value + 1]) }
    let five = [10, 20, 30, 40, 50].map { dot($0) }
    #expect(
      try grid(five)
        == Picture(width: 3, height: 4, channels: 1, pixels: [10, 20, 30, 11, 21, 31, 40, 50, 0, 41, 51, 0]))
    #expect(try grid(five, columns: 5).pixels == [10, 20, 30, 40, 50, 11, 21, 31, 41, 51])
    #expect(try grid(five, columns: 9).width == 5)
    #expect(try grid([five[0]]) == five[0])
  }

  /// What one picture may have: as many pixels as are read again.
  @Test func sheetsThatAreTooLarge() throws {
    try checkSheet(of: 1, columns: nil, width: 1 << 14, height: 1 << 14, scale: 1)
    try checkSheet(of: 1 << 16, columns: nil, width: 16, height: 16, scale: 4)
    try checkSheet(of: 4, columns: 9, width: 1 << 14, height: 1 << 12, scale: 1)
    for (count, columns, width, height, scale) in [
      (1, nil, 1 << 14, 1 << 14 + 1, 1), (2, nil, 1 << 14, 1 << 14, 1), (1, nil, 28, 28, 1024),
      (1 << 16, nil, 16, 16, 5), (.max, 1, 2, 2, 1), (.max, .max, 2, 2, 1), (1, nil, 1 << 14, 1 << 14, .max),
    ] as [(Int, Int?, Int, Int, Int)] {
      #expect(throws: ImageError.self, "\(count) of \(width)×\(height), \(scale) times") {
        try checkSheet(of: count, columns: columns, width: width, height: height, scale: scale)
      }
    }
  }
}
