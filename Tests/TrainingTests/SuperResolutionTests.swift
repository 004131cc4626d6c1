import TensorCore
import TestSupport
import Testing

struct SuperResolutionTests {
  /// The mean of each square of pixels.
  @Test func averagesDown() {
    let x = Tensor([1, 1, 4, 4], (0..<16).map { Float($0) })
    #expect(x.averagedDown(toSide: 2).values == [2.5, 4.5, 10.5, 12.5])
    #expect(x.averagedDown(toSide: 1).values == [7.5])
    #expect(x.averagedDown(toSide: 4).values == x.values)
  }
}
