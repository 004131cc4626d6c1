import TensorCore
import TestSupport
import Testing

struct GroupNormalizationTests {
  @Test(arguments: tableNames)
  func agreesWithPyTorch(table: String) throws {
    let ops = try Fixture("ops")
    let found = withTable(table) {
      GroupNormalization(weight: ops.tensor("groupnorm.w"), bias: ops.tensor("groupnorm.b"))(
        ops.tensor("groupnorm.x").channelsLast(), silu: false)
    }
    expectClose(found.channelsFirst(), ops.tensor("groupnorm.y"), tolerance: 1e-5)
  }

  struct Case {
    let shape: [Int]
    let mean: Float
  }

  /// More pixels than a strip, one pixel, a mean far from zero, channels with different means in one group.
  static let cases = [
    Case(shape: [2, 32, 40, 30], mean: 0), Case(shape: [1, 64, 1, 1], mean: 0), Case(shape: [3, 96, 5, 7], mean: 1000),
    Case(shape: [2, 128, 17], mean: -3), Case(shape: [1, 32, 3, 4, 5], mean: 7),
  ]

  /// Other numbers of groups than the original's, and an ε large enough to show.
  @Test(arguments: tableNames)
  func otherGroupsAndEpsilon(table: String) {
    let x = scrambled([2, 48, 5, 7])
    let (weight, bias) = (scrambled([48], seed: 2), scrambled([48], seed: 3))
    withTable(table) {
      let layer = GroupNormalization(weight: weight, bias: bias, groups: 16)
      let plain = plainGroupNormalization(x, weight: weight, bias: bias, groups: 16)
      expectClose(layer(x.channelsLast(), silu: false).channelsFirst(), plain, tolerance: 1e-5)
      // Alternating values ±1: mean 0, variance 1.
      let signs = Tensor([1, 48, 2, 2], (0..<192).map { $0 % 2 == 0 ? 1 : -1 })
      let ones = Tensor([48], [Float](repeating: 1, count: 48))
      let wide = GroupNormalization(weight: ones, bias: Tensor(zeros: [48]), groups: 3, epsilon: 3)
      expectClose(wide(signs.channelsLast(), silu: false).channelsFirst(), signs.map { $0 / 2 }, tolerance: 1e-6)
    }
  }

  /// Channels that are no multiple of a vector's lanes, whole and concatenated.
  @Test(arguments: tableNames, [4, 12, 20, 36, 60])
  func oddWidths(table: String, channels: Int) {
    let x = scrambled([2, channels, 5, 7])
    let (weight, bias) = (scrambled([channels], seed: 2), scrambled([channels], seed: 3))
    withTable(table) {
      let layer = GroupNormalization(weight: weight, bias: bias, groups: 4)
      let plain = plainGroupNormalization(x, weight: weight, bias: bias, groups: 4)
      expectClose(layer(x.channelsLast(), silu: true).channelsFirst(), plainSiLU(plain), tolerance: 1e-5)
      let front = x.channels(0..<channels / 4).channelsLast()
      let back = x.channels(channels / 4..<channels).channelsLast()
      expectClose(
        layer(FusedInput(front, joining: back), silu: false).tensor().channelsFirst(), plain, tolerance: 1e-5)
    }
  }

  @Test(arguments: tableNames, cases)
  func agreesWithDefinition(table: String, _ c: Case) {
    let channels = c.shape[1]
    let pixels = c.shape.dropFirst(2).reduce(1, *)
    var x = scrambled(c.shape).map { $0 + c.mean }
    for i in 0..<x.count { x[i] += Float(i / pixels % channels % 3) }
    let (weight, bias) = (scrambled([channels], seed: 2), scrambled([channels], seed: 3))
    let scaleShift = scrambled([c.shape[0], 2 * channels], seed: 4)
    let layer = GroupNormalization(weight: weight, bias: bias)
    let plain = plainGroupNormalization(x, weight: weight, bias: bias)
    withTable(table) {
      expectClose(layer(x.channelsLast(), silu: false).channelsFirst(), plain, tolerance: 1e-5)
      expectClose(layer(x.channelsLast(), silu: true).channelsFirst(), plainSiLU(plain), tolerance: 1e-5)
      var expected = plain
      for i in 0..<expected.count {
        let (n, channel) = (i / pixels / channels, i / pixels % channels)
        let scale = scaleShift[n * 2 * channels + channel]
        expected[i] = expected[i] * (1 + scale) + scaleShift[n * 2 * channels + channels + channel]
      }
      expectClose(
        layer(x.channelsLast(), scaleShift: scaleShift, silu: false).channelsFirst(), expected, tolerance: 2e-5)
    }
  }
}
