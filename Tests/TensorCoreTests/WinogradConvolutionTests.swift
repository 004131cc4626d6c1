import TensorCore
import TestSupport
import Testing

/// Convolutions with kernel 3×3, stride 1 and a multiple of 16 input channels.
struct WinogradConvolutionTests {
  struct Case: CustomStringConvertible {
    let x: [Int]
    let outChannels: Int
    /// The pixels of the picture that the layer is made for.
    let outputPixels: Int?
    var description: String { "\(x) → \(outChannels), for \(outputPixels ?? 0) pixels" }
  }

  static let cases = [
    // Tiles of 4×4 that fit, that reach beyond the picture, and one that is larger than the picture.
    Case(x: [1, 16, 8, 8], outChannels: 32, outputPixels: nil),
    Case(x: [2, 48, 9, 6], outChannels: 33, outputPixels: 54),
    Case(x: [3, 32, 3, 1], outChannels: 1, outputPixels: nil),
    // Weights that are transformed on the fly, for few and for many tiles.
    Case(x: [1, 144, 7, 5], outChannels: 100, outputPixels: 35),
    Case(x: [9, 128, 16, 20], outChannels: 96, outputPixels: 320),
    // Tiles of 2×2.
    Case(x: [1, 16, 4, 4], outChannels: 32, outputPixels: 16),
    Case(x: [5, 80, 3, 3], outChannels: 20, outputPixels: 9),
    Case(x: [2, 224, 4, 4], outChannels: 140, outputPixels: 16),
  ]

  @Test(arguments: tableNames, cases)
  func agreesWithDefinition(table: String, _ c: Case) {
    let x = scrambled(c.x)
    let (weight, bias) = weights(c)
    let found = withTable(table) {
      layer(c)(x.channelsLast()).channelsFirst()
    }
    expectClose(found, plainConvolution(x, weight: weight, bias: bias, stride: [1, 1]), tolerance: 1e-5, "\(c)")
  }

  @Test(arguments: tableNames)
  func addsTheResidual(table: String) {
    for c in Self.cases {
      withTable(table) {
        let (layer, x) = (layer(c), scrambled(c.x).channelsLast())
        let residual = scrambled([c.x[0], c.x[2], c.x[3], c.outChannels], seed: 9)
        expectClose(layer(FusedInput(x), adding: residual), layer(x) + residual, tolerance: 1e-6, "\(c)")
      }
    }
  }

  /// A fused input that is read a few lines at a time equals the materialised one.
  @Test(arguments: tableNames)
  func readsJoinedNormalisedAndUpsampledInput(table: String) {
    withTable(table) {
      for c in Self.cases where c.x[1] > 16 {
        let x = scrambled(c.x)
        let (a, b) = (x.channels(0..<16).channelsLast(), x.channels(16..<c.x[1]).channelsLast())
        let joined = FusedInput(a, joining: b)
        let layer = layer(c)
        #expect(layer(joined).values == layer(joined.tensor()).values, "\(c)")
        #expect(layer(joined.upsampledNearest()).values == layer(joined.upsampledNearest().tensor()).values, "\(c)")
        guard c.x[1] % 32 == 0 else { continue }
        let norm = GroupNormalization(weight: scrambled([c.x[1]], seed: 5), bias: scrambled([c.x[1]], seed: 6))
        let normalised = norm(joined, silu: true)
        #expect(layer(normalised).values == layer(normalised.tensor()).values, "\(c)")
      }
    }
  }

  @Test(arguments: tableNames)
  func resultsDoNotDependOnBatchOrThreads(table: String) {
    let threads = ThreadPool.shared.threads
    defer { ThreadPool.shared.threads = threads }
    withTable(table) {
      for c in Self.cases {
        let layer = layer(c)
        let x = scrambled([17] + c.x.dropFirst()).channelsLast()
        ThreadPool.shared.threads = 2
        let together = layer(x)
        for count in [1, 2, 3] {
          ThreadPool.shared.threads = count
          let apart = Tensor.stacked((0..<17).map { layer(x.rows($0..<$0 + 1)) })
          #expect(apart.values == together.values, "\(c), \(count) threads")
          #expect(layer(x).values == together.values, "\(c), \(count) threads")
        }
      }
    }
  }

  private func layer(_ c: Case) -> Convolution {
    let (weight, bias) = weights(c)
    return Convolution(weight: weight, bias: bias, stride: [1, 1], outputPixels: c.outputPixels)
  }

  /// Weights that keep the output at unit scale, as in a network.
  private func weights(_ c: Case) -> (weight: Tensor, bias: Tensor) {
    let scale = 1 / Float(c.x[1] * 9).squareRoot()
    return (
      scrambled([c.outChannels, c.x[1], 3, 3], seed: 2).map { $0 * scale }, scrambled([c.outChannels], seed: 3)
    )
  }
}
