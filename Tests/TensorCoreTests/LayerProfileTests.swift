import TensorCore
import TestSupport
import Testing

struct LayerProfileTests {
  @Test func countsLayersAndTheirArithmetic() {
    let convolution = Convolution(weight: scrambled([8, 16, 3, 3]), bias: scrambled([8]), stride: [1, 1])
    let linear = Linear(weight: scrambled([5, 8]), bias: scrambled([5]))
    let profile = LayerProfile()
    LayerProfile.$current.withValue(profile) {
      for _ in 0..<3 { _ = linear(convolution(scrambled([2, 6, 6, 16]))) }
    }
    // Unreported.
    _ = linear(scrambled([2, 8]))
    let entries = Dictionary(uniqueKeysWithValues: profile.entries.map { ($0.name, $0) })
    #expect(Set(entries.keys) == ["convolution 3×3 F(4×4), 16 → 8, 6×6", "linear, 8 → 5"])
    #expect(entries.values.allSatisfy { $0.calls == 3 && $0.time > .zero })
    #expect(entries["linear, 8 → 5"]?.operations == 2 * 3 * 72 * 8 * 5)
    // 2 · 4 tiles of 36 points, with the transforms of 16 and 8 channels; such small weights are kept transformed.
    #expect(
      entries["convolution 3×3 F(4×4), 16 → 8, 6×6"]?.operations == 3 * 8 * (2 * 36 * 16 * 8 + 264 * 16 + 196 * 8))
  }

  @Test("Winograd's arithmetic is counted at a quarter and its transforms, of large weights too")
  func arithmeticOfLargeLayers() {
    for (pixels, points, side, transforms) in [(8, 36, 4, (264, 108, 196)), (4, 16, 2, (32, 21, 40))] {
      let convolution = Convolution(
        weight: scrambled([256, 256, 3, 3]), bias: scrambled([256]), stride: [1, 1], outputPixels: pixels * pixels)
      let profile = LayerProfile()
      LayerProfile.$current.withValue(profile) { _ = convolution(scrambled([1, pixels, pixels, 256])) }
      let tiles = pixels * pixels / side / side
      let products = tiles * 2 * points * 256 * 256
      let transformed = tiles * 256 * (transforms.0 + transforms.2) + transforms.1 * 256 * 256
      #expect(profile.entries.map(\.operations) == [products + transformed])
    }
  }

  @Test("A convolution without padding has the tiles of its output")
  func arithmeticWithoutPadding() {
    let weight = scrambled([8, 16, 3, 3])
    let profile = LayerProfile()
    LayerProfile.$current.withValue(profile) {
      let convolution = RectifiedConvolution(weight: weight, bias: scrambled([8]), stride: 1, padding: [0, 0])
      _ = convolution(scrambled([1, 10, 10, 16]))
    }
    #expect(profile.entries.map(\.operations) == [4 * (2 * 36 * 16 * 8 + 264 * 16 + 196 * 8)])
  }
}
