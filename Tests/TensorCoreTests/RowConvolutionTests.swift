import TensorCore
import TestSupport
import Testing

struct RowConvolutionTests {
  /// Channels, outputs, kernel, height and width; kernels wider than the picture too.
  @Test(
    arguments: tableNames,
    [[3, 16, 7, 9, 11], [1, 5, 7, 4, 4], [6, 33, 7, 2, 3], [4, 8, 3, 8, 8], [2, 3, 5, 1, 9]])
  func agreesWithDefinition(table: String, size: [Int]) {
    let x = scrambled([2, size[0], size[3], size[4]])
    let weight = scrambled([size[1], size[0], size[2], size[2]], seed: 2)
    let bias = scrambled([size[1]], seed: 3)
    withTable(table) {
      let layer = RowConvolution(weight: Parameter(weight), bias: Parameter(bias))
      let found = layer(x.channelsLast())
      expectClose(
        found.channelsFirst(), plainConvolution(x, weight: weight, bias: bias, stride: [1, 1]), tolerance: 1e-5,
        "\(size)")
      #expect(layer(x.rows(1..<2).channelsLast()).values == found.rows(1..<2).values)
    }
  }
}
