import TensorCore
import TestSupport
import Testing

struct RectifiedConvolutionTests {
  struct Case: CustomStringConvertible {
    let channels: Int
    let outputs: Int
    let kernel: [Int]
    let stride: Int
    let padding: [Int]
    var description: String {
      "convolution.\(channels).\(outputs).\(kernel[0])x\(kernel[1]).\(stride).\(padding[0])x\(padding[1])"
    }

    var layer: RectifiedConvolution {
      RectifiedConvolution(
        weight: numbers(named: "w", [outputs, channels] + kernel, scale: 0.1),
        bias: numbers(named: "b", [outputs], scale: 0.1), stride: stride, padding: padding)
    }
  }

  /// By Winograd's algorithm without and with a margin, by rows, and directly.
  static let cases = [
    Case(channels: 16, outputs: 20, kernel: [3, 3], stride: 1, padding: [0, 0]),
    Case(channels: 16, outputs: 20, kernel: [3, 3], stride: 1, padding: [1, 1]),
    Case(channels: 3, outputs: 20, kernel: [3, 3], stride: 2, padding: [0, 0]),
    Case(channels: 20, outputs: 17, kernel: [1, 7], stride: 1, padding: [0, 3]),
    Case(channels: 20, outputs: 17, kernel: [7, 1], stride: 1, padding: [3, 0]),
    Case(channels: 20, outputs: 33, kernel: [1, 1], stride: 1, padding: [0, 0]),
    Case(channels: 20, outputs: 8, kernel: [5, 5], stride: 1, padding: [2, 2]),
    Case(channels: 20, outputs: 16, kernel: [3, 3], stride: 2, padding: [0, 0]),
  ]

  @Test(arguments: tableNames, cases)
  func agreesWithPyTorch(table: String, _ c: Case) throws {
    let expected = try Fixture("scoring/inception").tensor("\(c)")
    let found = withTable(table) { c.layer(numbers(named: "x", [2, 11, 14, c.channels])) }
    expectClose(found, expected, tolerance: 1e-5, "\(c)")
  }

  /// Joined with other channels, which stay as they are, the output is the same, bit for bit.
  @Test(arguments: tableNames, cases)
  func writesAmongOtherChannels(table: String, _ c: Case) {
    withTable(table) {
      let x = numbers(named: "x", [2, 11, 14, c.channels])
      let (layer, wide) = (c.layer, c.outputs + 9)
      let alone = layer(x)
      let pixels = alone.count / c.outputs
      let joined = Tensor([pixels, wide]) { out in
        for i in 0..<pixels * wide { out[i] = -5 }
        layer(x, into: out + 4, stride: wide)
      }
      let (found, expected) = (joined.values, alone.values)
      for pixel in 0..<pixels {
        let row = Array(found[pixel * wide..<(pixel + 1) * wide])
        #expect(row[4..<4 + c.outputs].elementsEqual(expected[pixel * c.outputs..<(pixel + 1) * c.outputs]))
        #expect(row[..<4].allSatisfy { $0 == -5 } && row[(4 + c.outputs)...].allSatisfy { $0 == -5 })
      }
    }
  }

  /// What is not a number must not become 0.
  @Test(arguments: tableNames)
  func keepsWhatIsNotANumber(table: String) {
    withTable(table) {
      let layer = RectifiedConvolution(
        weight: Tensor([17, 1, 1, 1], [Float](repeating: 1, count: 17)), bias: Tensor(zeros: [17]))
      let found = layer(Tensor([1, 1, 2, 1], [.nan, -1])).values
      #expect(found[..<17].allSatisfy(\.isNaN) && found[17...].allSatisfy { $0 == 0 })
    }
  }
}
