import DiffusionImages
import Testing

/// Compared with Pillow 12.3; 9.5 and 11.3 agree, and 13.0 differs by 1 where a picture is tall, because it takes the
/// columns first there. The expected values are what `image_datasets.py` of improved-diffusion makes of the same
/// pixels: `resize` to half with `Image.BOX` while the smaller side is at least twice the size, then `resize` with
/// `Image.BICUBIC`, then the middle.
struct ResizeTests {
  /// Noise, the hardest case for rounding: the highest byte of 2654435761 n + 12345 modulo 2³².
  private func picture(_ width: Int, _ height: Int, _ channels: Int) -> Picture {
    let pixels = (0..<width * height * channels).map { UInt8((2_654_435_761 * $0 + 12_345) >> 24 & 255) }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }

  @Test func smallPictures() {
    let grey = picture(11, 7, 1).fitted(toSquare: 4)
    #expect(grey.width == 4 && grey.height == 4 && grey.channels == 1)
    #expect(grey.pixels == [109, 124, 122, 148, 121, 114, 125, 141, 104, 123, 133, 127, 94, 126, 123, 138])
    let rgb = picture(9, 13, 3).fitted(toSquare: 3)
    #expect(
      rgb.pixels == [
        121, 122, 122, 124, 124, 123, 149, 142, 107, 126, 138, 139, 132, 127, 115, 118, 123, 155, 131, 128, 140, 128,
        138, 114, 138, 119, 122,
      ])
  }

  /// Width, height, channels, size, and the FNV-1a hash of Pillow's pixels.
  @Test(
    arguments: [
      (32, 32, 3, 32, 0xB526_2B9E_B4A1_01F9), (33, 32, 1, 32, 0xCF32_8A7C_0CC8_C214),
      (64, 64, 3, 32, 0x41CF_FAB7_071A_8B4B), (65, 67, 3, 32, 0x9FBE_2CE8_189F_6E3D),
      (100, 40, 3, 16, 0xB2DF_4969_35D5_DE8A), (40, 100, 1, 16, 0x767B_CC4B_E51F_717A),
      (7, 5, 3, 16, 0xC290_3CE9_9A01_344B), (1, 1, 1, 8, 0xB9B2_3F3A_46FD_0825),
      (2, 3, 3, 64, 0xA97D_4BD3_CCD7_5016), (640, 427, 3, 64, 0x9130_527A_9107_49A6),
      (1, 50, 3, 4, 0x0B0D_5002_E200_7F35), (301, 299, 1, 33, 0x84AD_A6C1_A6D2_579E),
      (63, 64, 3, 32, 0x9277_95AD_E360_B2CF), (97, 31, 3, 31, 0xF8D0_AED3_4A38_1C90),
    ] as [(Int, Int, Int, Int, UInt64)])
  func likePillow(_ width: Int, _ height: Int, _ channels: Int, _ size: Int, _ expected: UInt64) {
    let fitted = picture(width, height, channels).fitted(toSquare: size)
    let hash = fitted.pixels.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    #expect(fitted.width == size && fitted.height == size && hash == expected)
  }

  /// Computed only where it is seen: as a whole it would have 2⁴⁰ pixels.
  @Test func oblongPictures() {
    let wide = Picture(width: 1 << 20, height: 1, channels: 1, pixels: .init(repeating: 7, count: 1 << 20))
    #expect(wide.fitted(toSquare: 1024).pixels.allSatisfy { $0 == 7 })
  }

  /// Luma as Pillow's `convert("L")` gives it.
  @Test func channels() {
    let rgb = Picture(
      width: 4, height: 2, channels: 3,
      pixels: [
        0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 200, 100, 50, 13, 77, 251,
      ])
    let grey = rgb.converted(toChannels: 1)
    #expect(grey.pixels == [0, 255, 76, 150, 29, 2, 124, 78])
    #expect(rgb.converted(toChannels: 3) == rgb && grey.converted(toChannels: 1) == grey)
    #expect(grey.converted(toChannels: 3).pixels.prefix(9) == [0, 0, 0, 255, 255, 255, 76, 76, 76])
  }
}
