import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

/// Losses and the bound of a model with random weights, against the original's.
struct TrainingReferenceTests {
  private func diffusion(_ sections: String) throws -> GaussianDiffusion {
    GaussianDiffusion(
      betas: BetaSchedule.cosine.betas(steps: 1000), timesteps: try spaceTimesteps(1000, sections: sections),
      meanType: .epsilon, varType: .learnedRange, rescaleTimesteps: true)
  }

  private func expectRelative(_ found: [Float], _ expected: Tensor, _ tolerance: Float, _ what: String) {
    #expect(found.count == expected.count)
    for (i, (a, b)) in zip(found, expected.values).enumerated() {
      #expect(abs(a - b) <= tolerance * abs(b), "\(what)[\(i)] is \(a), expected \(b)")
    }
  }

  /// Pictures at step 0, which is scored by its likelihood, and 613. The derivatives are compared where they meet the
  /// first weights: that of the last convolution's bias is their sum over pictures and pixels.
  @Test(arguments: [(LossType.rescaledMSE, "hybrid"), (.rescaledKL, "kl")])
  func lossesAgreeWithTheOriginal(type: LossType, name: String) throws {
    let reference = try Fixture("training")
    let (xStart, noise) = (reference.tensor("x0"), reference.tensor("noise"))
    let steps = reference.integers("t")
    let diffusion = try diffusion("1000")
    let xT = diffusion.qSample(xStart, steps: steps, noise: noise)
    let output = try randomModel()(
      xT, timesteps: steps.map { diffusion.modelTimestep($0) }, labels: reference.integers("y"))
    let found = diffusion.trainingLosses(output, xStart: xStart, xT: xT, noise: noise, steps: steps, type: type)
    expectRelative(found.loss, reference.tensor("\(name).loss"), 1e-5, "loss")
    if type == .rescaledMSE {
      expectRelative(try #require(found.mse), reference.tensor("hybrid.mse"), 1e-5, "mse")
      expectRelative(try #require(found.vb), reference.tensor("hybrid.vb"), 1e-5, "vb")
    }
    let sums = (0..<6).map { channel in
      (0..<2).reduce(0.0) { sum, n in
        let first = (n * 6 + channel) * 256
        return found.gradient.values[first..<first + 256].reduce(sum) { $0 + Double($1) }
      }
    }
    let expected = reference.tensor("\(name).grad.out.2.bias")
    // Where an element is improbable, float32 loses digits in the difference of two probabilities: in it and in float64
    // the same formulas give sums for `kl` that lie 4·10⁻⁵ of the largest apart.
    let tolerance: Float = type == .rescaledMSE ? 2e-5 : 1e-4
    expectClose(
      Tensor([6], sums.map { Float($0 / 2) }), expected, tolerance: tolerance * expected.largestMagnitude,
      "derivative by the bias")
  }

  /// The whole variational bound (`calc_bpd_loop` of the original): ε of each step from T - 1 down to 0, and no x_T
  /// before.
  private func bound(
    _ diffusion: GaussianDiffusion, _ model: Denoiser, _ xStart: Tensor, noise: inout some NoiseSource
  ) -> BitsPerDimension {
    let terms = (0..<diffusion.count).reversed().map { i in
      diffusion.bpdTerms(model, xStart, noise: noise.next(), step: i)
    }
    return BitsPerDimension(priorBPD: diffusion.priorBPD(xStart), terms: terms)
  }

  @Test func boundAgreesWithTheOriginal() throws {
    let reference = try Fixture("training")
    let unet = try randomModel()
    var noise = TorchNoise(generator: TorchGenerator(seed: 5), batch: 2, kept: 2, shape: [3, 16, 16])
    let found = bound(
      try diffusion("20"), { unet($0, timesteps: $1, labels: reference.integers("y")) }, reference.tensor("x0"),
      noise: &noise)
    expectRelative(found.vb.values, reference.tensor("bpd.vb"), 1e-5, "vb")
    expectRelative(found.xStartMSE.values, reference.tensor("bpd.xstart_mse"), 1e-5, "xstart_mse")
    // At the first step next to nothing of x₀ is in x_t, and the original's float32 errs by 7·10⁻⁵.
    expectRelative(found.mse.values, reference.tensor("bpd.mse"), 1e-4, "mse")
    expectRelative(found.priorBPD, reference.tensor("bpd.prior_bpd"), 1e-5, "prior_bpd")
    expectRelative(found.totalBPD, reference.tensor("bpd.total_bpd"), 1e-5, "total_bpd")
    #expect(found.vb.shape == [2, 20] && found.xStartMSE.shape == [2, 20] && found.mse.shape == [2, 20])
  }

  /// The bound's terms and the loss made of them are computed apart.
  @Test(arguments: [ModelMeanType.epsilon, .startX, .previousX], [ModelVarType.fixedLarge, .learned])
  func boundAndLossAgree(mean: ModelMeanType, variance: ModelVarType) {
    let losses = PlainLosses(timesteps: [0, 300, 999], meanType: mean, varType: variance, type: .kl)
    let shape = [2, 1, 4, 4]
    let (xStart, noise) = (scrambled(shape), scrambled(shape, seed: 2))
    let model: Denoiser = { x, _ in
      variance.isLearned ? x.map { $0 * 0.9 }.joiningChannels(x.map { $0 - 5 }) : x.map { $0 * 0.9 }
    }
    let diffusion = losses.diffusion
    for i in 0..<3 {
      let steps = [i, i]
      let xT = diffusion.qSample(xStart, steps: steps, noise: noise)
      let loss = diffusion.trainingLosses(
        model(xT, []), xStart: xStart, xT: xT, noise: noise, steps: steps, type: .kl
      ).loss
      let terms = diffusion.bpdTerms(model, xStart, noise: noise, step: i, clipping: .none)
      expectRelative(terms.vb, Tensor([2], loss), 1e-5, "vb at step \(i)")
    }
  }
}
