import TestSupport
import Testing

@testable import TensorCore

/// Checks every operation's backward pass against finite differences of its forward pass.
struct OperationTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let input: [Int]
    let outChannels: Int
    let kernel: [Int]
    let stride: [Int]
    var padding = Padding.same
    var outputPixels: Int?
  }

  static let convolutions = [
    Case(testDescription: "F(4×4)", input: [2, 8, 8, 32], outChannels: 48, kernel: [3, 3], stride: [1, 1]),
    Case(
      testDescription: "F(4×4), tiles beyond the picture", input: [3, 7, 5, 16], outChannels: 16, kernel: [3, 3],
      stride: [1, 1]),
    Case(
      testDescription: "F(4×4), many tiles", input: [5, 28, 28, 96], outChannels: 64, kernel: [3, 3], stride: [1, 1]),
    Case(
      testDescription: "F(2×2)", input: [3, 4, 4, 32], outChannels: 32, kernel: [3, 3], stride: [1, 1], outputPixels: 16
    ),
    Case(
      testDescription: "few output channels", input: [2, 8, 6, 32], outChannels: 3, kernel: [3, 3], stride: [1, 1]),
    Case(
      testDescription: "few input channels", input: [2, 9, 6, 3], outChannels: 32, kernel: [3, 3], stride: [1, 1]),
    Case(testDescription: "stride 2", input: [2, 8, 6, 32], outChannels: 16, kernel: [3, 3], stride: [2, 2]),
    Case(
      testDescription: "stride 2, odd sizes", input: [2, 7, 5, 16], outChannels: 20, kernel: [3, 3], stride: [2, 2]),
    Case(
      testDescription: "stride 2, padding at the end", input: [2, 8, 6, 16], outChannels: 16, kernel: [3, 3],
      stride: [2, 2],
      padding: .end),
    Case(testDescription: "1×1", input: [2, 8, 6, 32], outChannels: 48, kernel: [1, 1], stride: [1, 1]),
    Case(testDescription: "one dimension", input: [2, 12, 32], outChannels: 16, kernel: [3], stride: [1]),
    Case(
      testDescription: "three dimensions", input: [2, 3, 4, 4, 16], outChannels: 16, kernel: [3, 3, 3],
      stride: [1, 2, 2]),
  ]

  @Test(arguments: tableNames, convolutions)
  func convolution(table: String, c: Case) throws {
    let weight = variable("weight", [c.outChannels, c.input[c.input.count - 1]] + c.kernel)
    let bias = variable("bias", [c.outChannels], seed: 6)
    try expectGradients(
      c.testDescription, table: table, inputs: [scrambled(c.input)], variables: [weight, bias], step: 0.5,
      tolerance: 1e-4
    ) { inputs in
      let layer = Convolution(
        weight: Parameter(weight), bias: Parameter(bias), stride: c.stride, padding: c.padding,
        outputPixels: c.outputPixels)
      return layer(inputs[0])
    }
  }

  @Test(arguments: tableNames)
  func residual(table: String) throws {
    let weight = variable("weight", [32, 16, 3, 3])
    let bias = variable("bias", [32])
    let layer = Convolution(weight: Parameter(weight), bias: Parameter(bias), stride: [1, 1])
    try expectGradients(
      "a residual", table: table, inputs: [scrambled([2, 4, 4, 16]), scrambled([2, 4, 4, 32], seed: 3)],
      variables: [weight, bias], step: 0.5, tolerance: 1e-4
    ) { layer(FusedInput($0[0]), adding: $0[1]) }
  }

  @Test(arguments: tableNames)
  func linear(table: String) throws {
    for (rows, inputs, outputs) in [(3, 40, 24), (700, 32, 48), (16, 128, 16)] {
      let weight = variable("weight", [outputs, inputs])
      let bias = variable("bias", [outputs])
      let layer = Linear(weight: Parameter(weight), bias: Parameter(bias))
      try expectGradients(
        "linear \(inputs) → \(outputs)", table: table, inputs: [scrambled([rows, inputs])], variables: [weight, bias],
        step: 0.5, tolerance: 1e-4
      ) { layer($0[0]) }
    }
  }

  /// Concatenation, normalisation, scale and shift, SiLU, upsampling: all that a fused input can do, read by both kinds
  /// of layers.
  @Test(arguments: tableNames, [false, true])
  func normalization(table: String, silu: Bool) throws {
    let weight = variable("norm.weight", [64])
    let bias = variable("norm.bias", [64], seed: 8)
    let norm = GroupNormalization(weight: Parameter(weight), bias: Parameter(bias))
    let scaleShift = scrambled([2, 128], seed: 4)
    let parts = [scrambled([2, 6, 4, 32]), scrambled([2, 6, 4, 32], seed: 2).map { 3 * $0 + 1 }]
    try expectGradients(
      "written out", table: table, inputs: parts + [scaleShift], variables: [weight, bias], step: 2e-2,
      tolerance: 1e-3
    ) { norm(FusedInput($0[0], joining: $0[1]), scaleShift: $0[2], silu: silu).tensor() }

    let kernel = variable("conv.weight", [32, 64, 3, 3])
    let offset = variable("conv.bias", [32])
    let conv = Convolution(weight: Parameter(kernel), bias: Parameter(offset), stride: [1, 1])
    try expectGradients(
      "read by a convolution, upsampled", table: table, inputs: parts, variables: [weight, bias, kernel, offset],
      step: 2e-2, tolerance: 1e-3
    ) { conv(norm(FusedInput($0[0], joining: $0[1]), silu: silu).upsampledNearest()) }

    let matrix = variable("linear.weight", [32, 64])
    let linear = Linear(weight: Parameter(matrix), bias: Parameter(offset))
    try expectGradients(
      "read by a linear layer", table: table, inputs: parts, variables: [weight, bias, matrix, offset], step: 2e-2,
      tolerance: 1e-3
    ) { linear(norm(FusedInput($0[0], joining: $0[1]), silu: silu)) }
  }

  @Test(arguments: tableNames)
  func joinedChannelsNotInBlocks(table: String) throws {
    let weight = variable("norm.weight", [32])
    let bias = variable("norm.bias", [32], seed: 8)
    let norm = GroupNormalization(weight: Parameter(weight), bias: Parameter(bias))
    try expectGradients(
      "24 and 8 channels", table: table, inputs: [scrambled([2, 6, 4, 24]), scrambled([2, 6, 4, 8], seed: 2)],
      variables: [weight, bias], step: 2e-2, tolerance: 1e-3
    ) { norm(FusedInput($0[0], joining: $0[1]), silu: true).tensor() }
  }

  @Test(arguments: tableNames, [QKVOrder.byHead, .byPart])
  func attention(table: String, order: QKVOrder) throws {
    for (length, heads, depth) in [(5, 2, 16), (49, 4, 16), (64, 1, 64), (70, 2, 24), (33, 1, 3)] {
      try expectGradients(
        "\(heads) × \(depth), \(length) positions", table: table,
        inputs: [scrambled([2, length, 3 * heads * depth]).map { 1.5 * $0 }], step: 1e-2, tolerance: 2e-3
      ) { TensorCore.attention($0[0], heads: heads, order: order) }
    }
  }

  @Test(arguments: tableNames)
  func elementwise(table: String) throws {
    let x = scrambled([2, 6, 4, 16]).map { 4 * $0 }
    try expectGradients("SiLU", table: table, inputs: [x], step: 1e-2, tolerance: 1e-3) { $0[0].silu() }
    try expectGradients("a sum", table: table, inputs: [x, x], step: 0.5, tolerance: 1e-4) { $0[0] + $0[1] }
    try expectGradients("twice the same", table: table, inputs: [x], step: 0.5, tolerance: 1e-4) {
      ($0[0] + $0[0]) + $0[0]
    }
    try expectGradients(
      "offsets of channels", table: table, inputs: [x, scrambled([2, 16])], step: 0.5, tolerance: 1e-4
    ) { $0[0].addingToChannels($0[1]) }
  }

  @Test(arguments: tableNames)
  func resampling(table: String) throws {
    for shape in [[2, 6, 4, 16], [2, 7, 5, 16], [2, 8, 16], [1, 2, 4, 6, 16]] {
      try expectGradients("averaging \(shape)", table: table, inputs: [scrambled(shape)], step: 0.5, tolerance: 1e-4) {
        $0[0].averagePooled()
      }
      try expectGradients(
        "nearest upsampling \(shape)", table: table, inputs: [scrambled(shape)], step: 0.5, tolerance: 1e-4
      ) {
        FusedInput($0[0]).upsampledNearest().tensor()
      }
    }
    try expectGradients(
      "joining", table: table, inputs: [scrambled([2, 4, 4, 16]), scrambled([2, 4, 4, 8])], step: 0.5, tolerance: 1e-4
    ) { FusedInput($0[0], joining: $0[1]).tensor() }
    try expectGradients(
      "channels last and first", table: table, inputs: [scrambled([2, 3, 4, 5])], step: 0.5, tolerance: 1e-4
    ) { ($0[0].channelsLast() + $0[0].channelsLast()).channelsFirst() }
  }

  @Test(arguments: tableNames)
  func lookingUp(table: String) throws {
    let weight = variable("weight", [5, 12])
    try expectGradients("an embedding", table: table, inputs: [], variables: [weight], step: 0.5, tolerance: 1e-4) {
      _ in
      Embedding(weight: Parameter(weight))([3, 0, 3, 4])
    }
    let places = variable("places", [16, 7])
    try expectGradients(
      "pooling's positions", table: table, inputs: [scrambled([2, 6, 16])], variables: [places], step: 0.5,
      tolerance: 1e-4
    ) { inputs in
      let table = places.value.reshaped([1, 16, 7]).channelsLast().reshaped([7, 16])
      return inputs[0].withMeanInFront(adding: table, of: places)
    }
    try expectGradients(
      "the first position", table: table, inputs: [scrambled([2, 6, 16])], step: 0.5, tolerance: 1e-4
    ) { $0[0].firstPositions() }
  }

  @Test func dropout() throws {
    let layer = Dropout(probability: 0.3, name: "some.layer")
    let x = scrambled([4, 8, 8, 16])
    #expect(layer(FusedInput(x)).tensor().values == x.values)
    try Dropout.Draws.$current.withValue(.init(seed: 1, firstExample: 10)) {
      try expectGradients("dropout", table: "baseline", inputs: [x], step: 0.5, tolerance: 1e-4) {
        layer(FusedInput($0[0])).tensor()
      }
      let whole = layer(FusedInput(x)).tensor()
      let dropped = Double(whole.values.count { $0 == 0 }) / Double(x.count)
      #expect(abs(dropped - 0.3) < 0.02)
      for (found, value) in Swift.zip(whole.values, x.values) where found != 0 {
        #expect(abs(found - value / 0.7) <= 1e-6)
      }
      // A picture's draws depend on its number, not on its batch.
      let second = Dropout.Draws.$current.withValue(.init(seed: 1, firstExample: 12)) {
        layer(FusedInput(x.rows(2..<4))).tensor()
      }
      #expect(second.values == whole.rows(2..<4).values)
      let other = Dropout(probability: 0.3, name: "another.layer")(FusedInput(x)).tensor()
      #expect(other.values != whole.values)
    }
  }
}
