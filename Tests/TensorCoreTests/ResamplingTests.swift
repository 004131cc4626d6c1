import TensorCore
import TestSupport
import Testing

struct ResamplingTests {
  @Test func nearestAgreesWithPyTorch() throws {
    let ops = try Fixture("ops")
    let found = LayerInput(ops.tensor("resample.x").channelsLast()).enlarged().tensor().channelsFirst()
    expectClose(found, ops.tensor("resample.nearest2x"), tolerance: 0)
  }

  @Test func averagePoolAgreesWithPyTorch() throws {
    let ops = try Fixture("ops")
    let found = ops.tensor("resample.x").channelsLast().averagePooled().channelsFirst()
    expectClose(found, ops.tensor("resample.avgpool2"), tolerance: 1e-6)
  }

  @Test func sequences() {
    let x = Tensor([1, 3, 2], [1, 10, 2, 20, 3, 30])
    #expect(LayerInput(x).enlarged().tensor().shape == [1, 6, 2])
    #expect(LayerInput(x).enlarged().tensor().values == [1, 10, 1, 10, 2, 20, 2, 20, 3, 30, 3, 30])
    #expect(x.averagePooled().shape == [1, 1, 2])
    #expect(x.averagePooled().values == [1.5, 15])
  }

  @Test func volumesKeepTheirDepth() {
    let x = scrambled([2, 3, 4, 6, 5])
    let enlarged = LayerInput(x).enlarged().tensor()
    #expect(enlarged.shape == [2, 3, 8, 12, 5])
    expectClose(enlarged.averagePooled(), x, tolerance: 1e-6)
  }
}
