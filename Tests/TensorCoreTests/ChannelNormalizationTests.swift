import Foundation
import TensorCore
import TestSupport
import Testing

struct ChannelNormalizationTests {
  /// Multiples of every vector's width and others, more pixels than a strip.
  static let shapes = [[2, 5, 7, 16], [1, 17, 18, 8], [3, 2, 2, 40], [1, 1, 1, 3], [2, 4, 33]]

  private func plain(
    _ x: Tensor, gain: Tensor, bias: Tensor?, centred: Bool, scaleShift: Tensor?, silu: Bool, residual: Tensor?
  ) -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[x.shape.count - 1])
    let pixels = x.count / batch / channels
    var y = x
    for p in 0..<batch * pixels {
      let row = (0..<channels).map { Double(x[p * channels + $0]) }
      let mean = centred ? row.reduce(0, +) / Double(channels) : 0
      let squares = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
      let epsilon = centred ? 1e-5 : 0.0
      let divisor = (epsilon + squares / Double(channels)).squareRoot()
      for c in 0..<channels {
        let shift = bias.map { Double($0[c]) } ?? 0
        var value: Double = (row[c] - mean) / divisor * Double(gain[c]) + shift
        if let scaleShift {
          let first = p / pixels * 2 * channels + c
          value = value * (1 + Double(scaleShift[first])) + Double(scaleShift[first + channels])
        }
        if silu { value /= 1 + exp(-value) }
        let added = residual.map { $0[p * channels + c] } ?? 0
        y[p * channels + c] = Float(value) + added
      }
    }
    return y
  }

  @Test(arguments: tableNames, shapes)
  func agreesWithDefinition(table: String, shape: [Int]) {
    let channels = shape[shape.count - 1]
    let x = scrambled(shape).map { 3 * $0 + 1 }
    let (gain, bias) = (scrambled([1, channels, 1, 1], seed: 2), scrambled([1, channels, 1, 1], seed: 3))
    let (given, residual) = (scrambled([shape[0], 2 * channels], seed: 4), scrambled(shape, seed: 5))
    withTable(table) {
      let root = ChannelNormalization(.rootMeanSquare, gain: Parameter(gain))
      let centred = ChannelNormalization(.centred(epsilon: 1e-5), gain: Parameter(gain), bias: Parameter(bias))
      for (scaleShift, silu, added) in [(nil, false, nil), (given, true, nil), (nil, true, residual)] {
        expectClose(
          root(x, scaleShift: scaleShift, silu: silu, adding: added),
          plain(x, gain: gain, bias: nil, centred: false, scaleShift: scaleShift, silu: silu, residual: added),
          tolerance: 1e-5, "\(shape)")
        expectClose(
          centred(x, scaleShift: scaleShift, silu: silu, adding: added),
          plain(x, gain: gain, bias: bias, centred: true, scaleShift: scaleShift, silu: silu, residual: added),
          tolerance: 1e-5, "\(shape)")
      }
    }
  }

  /// Nothing is divided by zero.
  @Test func zerosStayZeros() {
    let gain = Parameter(scrambled([1, 5, 1, 1]))
    let zeros = Tensor(zeros: [1, 2, 2, 5])
    #expect(ChannelNormalization(.rootMeanSquare, gain: gain)(zeros).values == zeros.values)
  }

  /// A picture does not depend on its batch, to the bit.
  @Test(arguments: tableNames)
  func aPictureAloneIsTheSame(table: String) {
    let x = scrambled([3, 17, 19, 24])
    withTable(table) {
      let layer = ChannelNormalization(.rootMeanSquare, gain: Parameter(scrambled([24], seed: 2)))
      #expect(layer(x.rows(1..<2), silu: true).values == layer(x, silu: true).rows(1..<2).values)
    }
  }
}
