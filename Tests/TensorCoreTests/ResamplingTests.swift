import TensorCore
import TestSupport
import Testing

struct ResamplingTests {
  @Test func nearestAgreesWithPyTorch() throws {
    let ops = try Fixture("ops")
    let found = FusedInput(ops.tensor("resample.x").channelsLast()).upsampledNearest().tensor().channelsFirst()
    expectClose(found, ops.tensor("resample.nearest2x"), tolerance: 0)
  }

  @Test func averagePoolAgreesWithPyTorch() throws {
    let ops = try Fixture("ops")
    let found = ops.tensor("resample.x").channelsLast().averagePooled().channelsFirst()
    expectClose(found, ops.tensor("resample.avgpool2"), tolerance: 1e-6)
  }

  @Test func sequences() {
    let x = Tensor([1, 3, 2], [1, 10, 2, 20, 3, 30])
    #expect(FusedInput(x).upsampledNearest().tensor().shape == [1, 6, 2])
    #expect(FusedInput(x).upsampledNearest().tensor().values == [1, 10, 1, 10, 2, 20, 2, 20, 3, 30, 3, 30])
    #expect(x.averagePooled().shape == [1, 1, 2])
    #expect(x.averagePooled().values == [1.5, 15])
  }

  @Test func volumesKeepTheirDepth() {
    let x = scrambled([2, 3, 4, 6, 5])
    let upsampled = FusedInput(x).upsampledNearest().tensor()
    #expect(upsampled.shape == [2, 3, 8, 12, 5])
    expectClose(upsampled.averagePooled(), x, tolerance: 1e-6)
  }

  @Test(arguments: [(13, 9), (20, 28)])
  func bilinearAgreesWithPyTorch(height: Int, width: Int) throws {
    let ops = try Fixture("ops")
    let found = ops.tensor("resample.x").bilinear(height: height, width: width)
    expectClose(found, ops.tensor("resample.bilinear_\(height)x\(width)"), tolerance: 1e-5)
  }

  /// Sizes that the reference lacks: one pixel, shrinking, the same size, an integer factor.
  @Test(arguments: [([1, 1, 1, 1], 3, 2), ([2, 1, 9, 8], 4, 3), ([1, 3, 5, 6], 5, 6), ([1, 3, 16, 16], 64, 64)])
  func bilinearAgreesWithItsDefinition(shape: [Int], height: Int, width: Int) {
    let x = scrambled(shape)
    expectClose(x.bilinear(height: height, width: width), plainBilinear(x, height, width), tolerance: 1e-5)
  }

  /// Zeros around a picture, and a filter within them, do what the padded filter does.
  @Test(arguments: [[1.0, 1], [1, 3, 3, 1], [1, 2, 3, 3, 2, 1]])
  func filtersWithinThePicture(filter: [Double]) {
    let x = scrambled([2, 6, 8, 5])
    let (resampling, edge) = (FilteredResampling(filter), (filter.count - 1) / 2)
    let padded = x.padded(by: edge)
    #expect(padded.shape == [2, 6 + 2 * edge, 8 + 2 * edge, 5])
    expectClose(resampling.halvedInside(padded), resampling.halved(x), tolerance: 1e-6)
    #expect(resampling.halvedInside(Tensor(zeros: [1, 1, 1, 5])).count == 0)
    #expect(resampling.halved(Tensor(zeros: [1, 7, 5, 1])).shape == [1, 3, 2, 1])
  }

  @Test func bilinearByHand() {
    // The centres of four pixels, in units of two, are at -¼ (beyond the first centre), ¼, ¾ and 1¼ (beyond the last).
    #expect(Tensor([1, 1, 1, 2], [0, 8]).bilinear(height: 1, width: 4).values == [0, 2, 6, 8])
    #expect(Tensor([1, 1, 2, 1], [0, 8]).bilinear(height: 4, width: 1).values == [0, 2, 6, 8])
    let x = scrambled([2, 3, 7, 5])
    #expect(x.bilinear(height: 7, width: 5).values == x.values)
  }
}
