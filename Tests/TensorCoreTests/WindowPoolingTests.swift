import TensorCore
import TestSupport
import Testing

struct WindowPoolingTests {
  @Test(arguments: tableNames, [("maximum", 2, 0), ("maximum", 1, 1), ("mean", 1, 1)])
  func agreesWithPyTorch(table: String, _ c: (name: String, stride: Int, padding: Int)) throws {
    let expected = try Fixture("scoring/inception").tensor("\(c.name).3.\(c.stride).\(c.padding)")
    let pooling = WindowPooling(
      c.name == "mean" ? .mean : .maximum, window: 3, stride: c.stride, padding: c.padding)
    let x = numbers(named: "x", [2, 9, 11, 20]).map { $0 + 0.5 }
    expectClose(withTable(table) { pooling(x) }, expected, tolerance: 1e-6)
  }

  @Test(arguments: tableNames) func spatialMeanAgreesWithPyTorch(table: String) throws {
    let expected = try Fixture("scoring/inception").tensor("spatialMean")
    let x = numbers(named: "x", [2, 9, 11, 20]).map { $0 + 0.5 }
    expectClose(withTable(table) { x.spatialMean() }, expected, tolerance: 1e-6)
  }

  /// Windows at the edge count only pixels of the picture; all of these are negative, so that a zero would show.
  @Test func edgesByHand() {
    let x = Tensor([1, 2, 2, 1], [-1, -2, -3, -6])
    #expect(WindowPooling(.maximum, window: 3, stride: 1, padding: 1)(x).values == [-1, -1, -1, -1])
    #expect(WindowPooling(.mean, window: 3, stride: 1, padding: 1)(x).values == [-3, -3, -3, -3])
    #expect(WindowPooling(.maximum, window: 2, stride: 2)(x).values == [-1])
  }

  @Test func writesAmongOtherChannels() {
    let joined = Tensor([1, 3]) { out in
      for i in 0..<3 { out[i] = 7 }
      WindowPooling(.mean, window: 2, stride: 2)(Tensor([1, 2, 2, 1], [1, 2, 3, 6]), into: out + 1, stride: 3)
    }
    #expect(joined.values == [7, 3, 7])
  }
}
