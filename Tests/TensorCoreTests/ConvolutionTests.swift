import TensorCore
import TestSupport
import Testing

struct ConvolutionTests {
  struct Case: CustomStringConvertible {
    let x: [Int]
    let outChannels: Int
    let kernel: [Int]
    let stride: [Int]
    var description: String { "\(x) → \(outChannels), kernel \(kernel), stride \(stride)" }
  }

  /// All kinds of `conv_nd`, with sizes that fill tiles and panels exactly, partly, and several times.
  static let cases = [
    Case(x: [1, 32, 8, 8], outChannels: 32, kernel: [3, 3], stride: [1, 1]),
    Case(x: [2, 33, 7, 5], outChannels: 17, kernel: [3, 3], stride: [1, 1]),
    Case(x: [3, 3, 14, 14], outChannels: 70, kernel: [3, 3], stride: [2, 2]),
    Case(x: [2, 5, 9, 11], outChannels: 3, kernel: [3, 3], stride: [2, 2]),
    Case(x: [2, 64, 3, 3], outChannels: 6, kernel: [1, 1], stride: [1, 1]),
    Case(x: [1, 1, 1, 1], outChannels: 1, kernel: [3, 3], stride: [1, 1]),
    Case(x: [2, 8, 21], outChannels: 40, kernel: [3], stride: [1]),
    Case(x: [2, 8, 21], outChannels: 4, kernel: [3], stride: [2]),
    Case(x: [1, 6, 4, 5, 6], outChannels: 9, kernel: [3, 3, 3], stride: [1, 1, 1]),
    Case(x: [2, 6, 3, 6, 8], outChannels: 9, kernel: [3, 3, 3], stride: [1, 2, 2]),
  ]

  @Test(arguments: tableNames, cases)
  func agreesWithDefinition(table: String, _ c: Case) {
    let x = scrambled(c.x)
    // Weights that keep the output at unit scale, as in a network.
    let scale = 1 / Float(c.x[1] * c.kernel.reduce(1, *)).squareRoot()
    let weight = scrambled([c.outChannels, c.x[1]] + c.kernel, seed: 2).map { $0 * scale }
    let bias = scrambled([c.outChannels], seed: 3)
    let found = withTable(table) {
      Convolution(weight: weight, bias: bias, stride: c.stride)(x.channelsLast()).channelsFirst()
    }
    expectClose(found, plainConvolution(x, weight: weight, bias: bias, stride: c.stride), tolerance: 1e-5, "\(c)")
  }

  @Test(
    arguments: tableNames, ["conv3x3", "conv3x3.blocked", "conv3x3.deep", "conv3x3.row", "conv3x3.tiny", "conv1x1"])
  func agreesWithPyTorch(table: String, name: String) throws {
    let ops = try Fixture("ops")
    try withTable(table) {
      try expectPyTorch(ops, name, stride: [1, 1])
    }
  }

  @Test(arguments: tableNames)
  func strideTwoAgreesWithPyTorch(table: String) throws {
    let ops = try Fixture("ops")
    try withTable(table) { try expectPyTorch(ops, "conv3x3.stride2", stride: [2, 2]) }
  }

  /// Padding only at the end shifts the output by one pixel: it equals a dense convolution with padding on all sides,
  /// sampled at the odd positions.
  @Test(arguments: tableNames, [[2, 6, 8, 10], [1, 32, 7, 9], [1, 3, 12]])
  func paddingAtTheEnd(table: String, shape: [Int]) {
    let x = scrambled(shape)
    let dims = shape.count - 2
    let weight = scrambled([5, shape[1]] + [Int](repeating: 3, count: dims), seed: 2).map { $0 * 0.1 }
    let bias = scrambled([5], seed: 3)
    let size = Array(shape.dropFirst(2))
    // At odd positions, the padding in front is not read.
    let dense = plainConvolution(x, weight: weight, bias: bias, stride: [Int](repeating: 1, count: dims))
    let halves = size.map { $0 / 2 }
    var expected = Tensor(zeros: [shape[0], 5] + halves)
    for i in 0..<expected.count {
      var (rest, place, stride) = (i, 0, 1)
      for d in (0..<dims).reversed() {
        place += (rest % halves[d] * 2 + 1) * stride
        rest /= halves[d]
        stride *= size[d]
      }
      expected[i] = dense[place + rest * stride]
    }
    let found = withTable(table) {
      Convolution(weight: weight, bias: bias, stride: [Int](repeating: 2, count: dims), padding: .end)(
        x.channelsLast()
      ).channelsFirst()
    }
    expectClose(found, expected, tolerance: 1e-5, "\(shape)")
  }

  private func expectPyTorch(_ ops: Fixture, _ name: String, stride: [Int]) throws {
    let layer = Convolution(
      weight: ops.tensor("\(name).w"), bias: ops.tensor("\(name).b"), stride: stride)
    let found = layer(ops.tensor("\(name).x").channelsLast()).channelsFirst()
    expectClose(found, ops.tensor("\(name).y"), tolerance: 1e-5, name)
  }

  @Test func resultsDoNotDependOnBatchOrThreads() {
    let x = scrambled([5, 9, 7, 64])
    let layer = Convolution(weight: scrambled([48, 64, 3, 3], seed: 2), bias: scrambled([48]), stride: [1, 1])
    let threads = ThreadPool.shared.threads
    defer { ThreadPool.shared.threads = threads }
    let together = layer(x)
    for count in [1, 2, 3, 7] {
      ThreadPool.shared.threads = count
      let apart = Tensor.stacked((0..<5).map { layer(x.rows($0..<$0 + 1)) })
      #expect(apart.values == together.values)
    }
  }
}
