import Foundation
import TensorCore
import TestSupport
import Testing

struct ActivationTests {
  @Test(arguments: tableNames)
  func siluAgreesWithPyTorch(table: String) throws {
    let ops = try Fixture("ops")
    expectClose(withTable(table) { ops.tensor("silu.x").silu() }, ops.tensor("silu.y"), tolerance: 1e-5)
  }

  /// The relative error of x · σ(x), over all magnitudes down to where e⁻ˣ is clamped.
  @Test(arguments: tableNames)
  func siluIsAccurateToAFewUnitsInTheLastPlace(table: String) {
    let x = Tensor([40_000], (0..<40_000).map { (Float($0) - 20_000) / 230 })
    let found = withTable(table) { x.silu() }
    let worst = (0..<x.count).map { i in
      let exact = Double(x[i]) / (1 + exp(-Double(x[i])))
      return exact == 0 ? Double(abs(found[i])) : abs(Double(found[i]) - exact) / abs(exact)
    }.max()!
    #expect(worst <= 6 * 0x1p-24)
  }

  @Test(arguments: tableNames)
  func siluAtTheEnds(table: String) {
    let x = Tensor([4], [1e30, -1e30, 200, -200])
    let y = withTable(table) { x.silu() }
    #expect(y[0] == 1e30 && y[2] == 200)
    // The exponential is clamped at e⁸⁸: the product is negligible, but not zero.
    #expect(y[1] <= 0 && y[1] > -1e-7 && y[3] <= 0 && y[3] > -1e-30)
  }

  @Test(arguments: tableNames)
  func softmaxAgreesWithPyTorch(table: String) throws {
    let ops = try Fixture("ops")
    expectClose(withTable(table) { ops.tensor("softmax.x").softmax() }, ops.tensor("softmax.y"), tolerance: 1e-6)
  }

  @Test(arguments: tableNames, [1, 3, 16, 17, 255, 4096])
  func softmaxAgreesWithDefinition(table: String, length: Int) {
    let x = scrambled([3, length]).map { $0 * 30 }
    expectClose(withTable(table) { x.softmax() }, plainSoftmax(x), tolerance: 1e-6, "\(length)")
  }

  /// Scores of -10³⁰ are far below the exponential's lowest argument, yet must get a negligible weight.
  @Test(arguments: tableNames)
  func softmaxOfHugeScores(table: String) {
    let y = withTable(table) { Tensor([1, 5], [1e30, -1e30, 0, 1e30, -5]).softmax() }
    expectClose(y, Tensor([1, 5], [0.5, 0, 0, 0.5, 0]), tolerance: 1e-6)
  }

  @Test(arguments: tableNames, [1, 15, 16, 100, 40_000])
  func sums(table: String, count: Int) {
    let (a, b) = (scrambled([count]), scrambled([count], seed: 9))
    #expect(withTable(table) { a + b }.values == a.zip(b) { $0 + $1 }.values)
  }

  @Test(arguments: tableNames)
  func addsToChannels(table: String) {
    let found = withTable(table) {
      Tensor(zeros: [2, 3, 1, 2]).addingToChannels(Tensor([2, 2], [1, 2, 3, 4]))
    }
    #expect(found.values == [1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4])
  }
}
