import DiffusionCore
import TestSupport
import Testing

struct PhiloxTests {
  /// The vectors that the authors publish with Random123 (`kat_vectors`, philox4x32 10).
  @Test func knownAnswers() {
    let ones = UInt32.max
    #expect(
      Philox.block(counter: SIMD4(0, 0, 0, 0), key: SIMD2(0, 0))
        == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    #expect(
      Philox.block(counter: SIMD4(ones, ones, ones, ones), key: SIMD2(ones, ones))
        == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    #expect(
      Philox.block(
        counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: SIMD2(0xA409_3822, 0x299F_31D0))
        == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  @Test func anImageDoesNotDependOnItsBatch() {
    var together = PhiloxNoise(seed: 9, images: 3..<7, shape: [3, 5, 5])
    var alone = PhiloxNoise(seed: 9, images: 5..<6, shape: [3, 5, 5])
    #expect(together.next().rows(2..<3).values == alone.next().values)
    together.skip()
    alone.skip()
    let (a, b) = (together.next(), alone.next())
    #expect(a.rows(2..<3).values == b.values)
    #expect(a.rows(1..<2).values != b.values)
  }

  @Test func seedsImagesAndDrawsDiffer() {
    var seen: Set<[Float]> = []
    for seed in [0, 1, 1 << 32, UInt64.max] {
      for image in [0, 1, 1 << 33] {
        var noise = PhiloxNoise(seed: seed, images: image..<image + 1, shape: [4])
        for _ in 0..<3 { seen.insert(noise.next().values) }
      }
    }
    #expect(seen.count == 4 * 3 * 3)
  }

  /// 200,000 draws: the moments of the standard normal to within five standard errors, and independent neighbours.
  @Test func isStandardNormal() {
    var noise = PhiloxNoise(seed: 1, images: 0..<2, shape: [100_000])
    let values = noise.next().values.map(Double.init)
    let n = Double(values.count)
    func mean(_ f: (Double) -> Double) -> Double { values.reduce(0) { $0 + f($1) } / n }
    let error = 5 / n.squareRoot()
    #expect(abs(mean { $0 }) < error)
    #expect(abs(mean { $0 * $0 } - 1) < error * 2.0.squareRoot())
    #expect(abs(mean { $0 * $0 * $0 }) < error * 15.0.squareRoot())
    #expect(abs(mean { $0 * $0 * $0 * $0 } - 3) < error * 96.0.squareRoot())
    let neighbours = zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / n
    #expect(abs(neighbours) < error)
  }

  @Test func classesAreUniform() {
    var counts = [Int](repeating: 0, count: 10)
    for image in 0..<10_000 { counts[PhiloxNoise.randomClass(seed: 4, image: image, count: 10)] += 1 }
    // χ² with 9 degrees of freedom exceeds 33.7 once in 10,000 times.
    let chiSquared = counts.reduce(0.0) { $0 + (Double($1) - 1000) * (Double($1) - 1000) / 1000 }
    #expect(chiSquared < 33.7)
  }
}
