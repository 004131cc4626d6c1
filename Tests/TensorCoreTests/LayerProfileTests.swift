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
    #expect(entries["linear, 8 → 5"]?.multiplyAdds == 3 * 72 * 8 * 5)
    #expect(entries["convolution 3×3 F(4×4), 16 → 8, 6×6"]?.multiplyAdds == 3 * 72 * 16 * 8 * 9)
  }
}
