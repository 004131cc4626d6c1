import TensorCore
import TestSupport
import Testing

struct LinearTests {
  @Test(arguments: tableNames, [[1, 128, 512], [5, 33, 17], [14, 32, 32], [40, 1, 1], [3, 64, 100]])
  func agreesWithDefinition(table: String, size: [Int]) {
    let x = scrambled([size[0], size[1]])
    let weight = scrambled([size[2], size[1]], seed: 2).map { $0 / Float(size[1]).squareRoot() }
    let bias = scrambled([size[2]], seed: 3)
    let found = withTable(table) { Linear(weight: weight, bias: bias)(x) }
    expectClose(found, plainLinear(x, weight: weight, bias: bias), tolerance: 1e-5, "\(size)")
  }

  @Test func actsOnTheLastDimension() {
    let layer = Linear(weight: scrambled([6, 8, 1]), bias: scrambled([6]))
    let x = scrambled([2, 3, 4, 8])
    #expect(layer(x).shape == [2, 3, 4, 6])
    #expect(layer(x).values == layer(x.reshaped([24, 8])).values)
  }
}
