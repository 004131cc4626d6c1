import DiffusionCore
import TensorCore
import TestSupport
import Testing

struct RescaledGuidanceTests {
  /// A model that puts out 1, 2 for its class and 0, 2 for none; a further channel is its variance's.
  private static func model(_ x: Tensor, _ timesteps: [Float], _ labels: [Int?]) -> Tensor {
    Tensor.stacked(labels.map { Tensor([1, 2, 1, 2], $0 == nil ? [0, 2, 7, 7] : [1, 2, 5, 6]) })
  }

  private func guided(_ rescaling: GuidanceRescaling, scale: Double) -> [Float] {
    let denoiser = classifierFreeGuidance(
      Self.model, scale: scale, labels: [0], channels: 1, rescaling: rescaling)
    return denoiser(Tensor(zeros: [1, 1, 1, 2]), [5]).values
  }

  /// Without either it is guidance.
  @Test func neitherIsGuidance() {
    #expect(guided(GuidanceRescaling(phi: 0, removesParallel: false), scale: 3) == [3, 2, 5, 6])
  }

  /// The update 1, 0 less its part along 1, 2, which is 0.2, 0.4.
  @Test func leavesOutWhatIsParallel() {
    let found = guided(GuidanceRescaling(phi: 0, removesParallel: true), scale: 3)
    expectClose(Tensor([4], found), Tensor([4], [1 + 2 * 0.8, 2 - 2 * 0.4, 5, 6]), tolerance: 1e-6)
  }

  /// Of 3, 2 and 1, 2 the deviations are alike; of 4, 2 it is twice as large.
  @Test func takesTheDeviationOfThePrediction() {
    #expect(guided(GuidanceRescaling(phi: 1, removesParallel: false), scale: 3) == [3, 2, 5, 6])
    #expect(guided(GuidanceRescaling(phi: 1, removesParallel: false), scale: 4) == [2, 1, 5, 6])
    #expect(guided(GuidanceRescaling(phi: 0.5, removesParallel: false), scale: 4) == [3, 1.5, 5, 6])
  }
}
