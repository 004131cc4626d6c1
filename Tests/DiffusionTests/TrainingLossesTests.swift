import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

struct TrainingLossesTests {
  private static let timesteps = [0, 10, 200, 600, 999]
  private static let shape = [5, 2, 2, 3]
  private static let elements = 12

  /// A picture at each step. At step 0 some elements lie at the ends of the range, and the model is so wrong about some
  /// that their probability is cut off.
  private struct Batch {
    let losses: PlainLosses
    let xStart: Tensor
    let xT: Tensor
    let noise: Tensor
    let output: Tensor
    let steps = [0, 1, 2, 3, 4]

    init(_ losses: PlainLosses) {
      self.losses = losses
      var xStart = scrambled(shape, seed: 3)
      for (e, value) in ([-1, 1, -1, 1, 0.25, 0.9985, -0.9995, 0.9995] as [Float]).enumerated() { xStart[e] = value }
      self.xStart = xStart
      noise = scrambled(shape, seed: 4).map { 1.5 * $0 }
      xT = losses.diffusion.qSample(xStart, steps: steps, noise: noise)
      let (error, v) = (scrambled(shape, seed: 5), scrambled(shape, seed: 6))
      // In units of the output, half the range of a picture at step 0.
      let wrong: Float = losses.meanType == .epsilon ? -50 : 0.5
      var (means, variances) = (xStart, v)
      for e in 0..<xStart.count {
        let step = e / elements
        let element = PlainLosses.Element(
          xStart: Double(xStart[e]), xT: Double(xT[e]), noise: Double(noise[e]), output: 0)
        let offset: Float = e == 2 || e == 4 ? wrong : e == 3 ? -wrong : 0
        // Half a level is 0.004: at step 0 the mean may not lie much further off.
        let scale: Float = losses.meanType != .epsilon && step == 0 ? 0.01 : 0.3
        means[e] = Float(losses.target(element, step: step)) + scale * error[e] + offset
        if losses.varType == .learned { variances[e] = Float(log(losses.beta(step))) + 0.3 * v[e] }
      }
      output = losses.varType.isLearned ? means.joiningChannels(variances) : means
    }

    var found: TrainingLosses {
      losses.diffusion.trainingLosses(output, xStart: xStart, xT: xT, noise: noise, steps: steps, type: losses.type)
    }

    /// Element `e` of picture `n`, and where it lies in `output`.
    func element(_ n: Int, _ e: Int) -> (PlainLosses.Element, offset: Int) {
      let learned = losses.varType.isLearned
      let (i, offset) = (n * elements + e, n * elements * (learned ? 2 : 1) + e)
      return (
        PlainLosses.Element(
          xStart: Double(xStart[i]), xT: Double(xT[i]), noise: Double(noise[i]), output: Double(output[offset]),
          v: learned ? Double(output[offset + elements]) : 0), offset
      )
    }
  }

  @Test func noisyPicturesFollowEquation4() {
    let losses = PlainLosses(timesteps: Self.timesteps, meanType: .epsilon, varType: .fixedSmall, type: .mse)
    let (xStart, noise) = (scrambled(Self.shape), scrambled(Self.shape, seed: 2))
    let steps = [4, 0, 2, 2, 1]
    let found = losses.diffusion.qSample(xStart, steps: steps, noise: noise)
    for e in 0..<xStart.count {
      let bar = losses.bar(steps[e / Self.elements])
      let expected = bar.squareRoot() * Double(xStart[e]) + (1 - bar).squareRoot() * Double(noise[e])
      #expect(abs(Double(found[e]) - expected) < 2e-7)
    }
  }

  /// Each loss and its derivatives, against the definitions and their central differences.
  @Test(
    arguments: ModelMeanType.allCases,
    [ModelVarType.fixedSmall, .fixedLarge, .learned, .learnedRange])
  func lossesAndGradientsFollowTheDefinitions(mean: ModelMeanType, variance: ModelVarType) {
    for type in LossType.allCases {
      let losses = PlainLosses(timesteps: Self.timesteps, meanType: mean, varType: variance, type: type)
      let batch = Batch(losses)
      let found = batch.found
      #expect(found.gradient.shape == batch.output.shape)
      for n in 0..<5 {
        let elements = (0..<Self.elements).map { batch.element(n, $0) }
        func expectMean(_ value: Float, _ what: String, _ expected: (PlainLosses.Element) -> Double) {
          let expected = elements.reduce(0) { $0 + expected($1.0) } / Double(Self.elements)
          #expect(abs(Double(value) - expected) <= 2e-5 * expected, "\(what) of \(type) at step \(n)")
        }
        expectMean(found.loss[n], "loss") { losses.loss($0, detached: $0.output, step: n) }
        if let mse = found.mse { expectMean(mse[n], "mse") { losses.mse($0, step: n) } }
        if let vb = found.vb {
          let scale = type == .rescaledMSE ? 5.0 / 1000 : 1
          expectMean(vb[n], "vb") { losses.vb($0, step: n) * scale }
        }
        expectGradients(found.gradient, elements, step: n, of: losses)
      }
      #expect((found.mse == nil) == (type == .kl || type == .rescaledKL))
      #expect((found.vb == nil) == (found.mse == nil || variance == .fixedSmall || variance == .fixedLarge))
    }
  }

  private func expectGradients(
    _ gradient: Tensor, _ elements: [(PlainLosses.Element, offset: Int)], step: Int, of losses: PlainLosses
  ) {
    func expect(_ path: WritableKeyPath<PlainLosses.Element, Double>, behind offset: Int, _ what: String) {
      let expected = elements.map { element, _ in
        let h = 1e-5
        let values = [h, -h].map { change in
          var moved = element
          moved[keyPath: path] += change
          return losses.loss(moved, detached: element.output, step: step)
        }
        return (values[0] - values[1]) / (2 * h * Double(elements.count))
      }
      let largest = expected.reduce(0) { max($0, abs($1)) }
      for (e, element) in elements.enumerated() {
        let found = Double(gradient[element.offset + offset])
        #expect(
          abs(found - expected[e]) <= 1e-4 * abs(expected[e]) + 2e-5 * largest,
          "\(losses.type), \(what) \(e) at step \(step): \(found), expected \(expected[e])")
      }
    }
    expect(\.output, behind: 0, "mean")
    if losses.varType.isLearned { expect(\.v, behind: elements.count, "variance") }
  }

  /// Where the probability is cut off, the loss is flat.
  @Test func cutOffProbabilitiesTeachNothing() {
    let batch = Batch(PlainLosses(timesteps: Self.timesteps, meanType: .startX, varType: .learned, type: .kl))
    let gradient = batch.found.gradient
    for e in [2, 3, 4] { #expect(gradient[e] == 0 && gradient[Self.elements + e] == 0) }
    for e in [0, 1, 5, 6, 7] { #expect(gradient[e] != 0 && gradient[Self.elements + e] != 0) }
  }

  /// Beside a squared error the variational term moves the variance only.
  @Test(arguments: ModelMeanType.allCases, [LossType.mse, .rescaledMSE])
  func theBoundDoesNotMoveTheMeanOfAHybridLoss(mean: ModelMeanType, type: LossType) {
    let batch = Batch(PlainLosses(timesteps: Self.timesteps, meanType: mean, varType: .learnedRange, type: type))
    func losses(_ variance: ModelVarType, _ type: LossType) -> TrainingLosses {
      let output = variance.isLearned ? batch.output : batch.output.channels(0..<2)
      return PlainLosses(timesteps: Self.timesteps, meanType: mean, varType: variance, type: type).diffusion
        .trainingLosses(
          output, xStart: batch.xStart, xT: batch.xT, noise: batch.noise, steps: batch.steps, type: type)
    }
    let (hybrid, squares, bound) = (losses(.learnedRange, type), losses(.fixedSmall, type), losses(.learnedRange, .kl))
    #expect(hybrid.gradient.channels(0..<2).values == squares.gradient.values)
    let scale: Float = type == .mse ? 1 : 5 / 1000
    let variance = bound.gradient.channels(2..<4).map { $0 * scale }
    expectClose(
      hybrid.gradient.channels(2..<4), variance, tolerance: 1e-6 * variance.largestMagnitude, "the variance")
    #expect(bound.gradient.channels(0..<2).largestMagnitude > 0)
    #expect(hybrid.mse == squares.loss)
  }

  /// What is not a number is not taken for an improbable picture.
  @Test(arguments: LossType.allCases)
  func notANumberIsNotHidden(type: LossType) {
    let batch = Batch(PlainLosses(timesteps: Self.timesteps, meanType: .epsilon, varType: .learned, type: type))
    var output = batch.output
    output[0] = .nan
    let found = batch.losses.diffusion.trainingLosses(
      output, xStart: batch.xStart, xT: batch.xT, noise: batch.noise, steps: batch.steps, type: type)
    #expect(found.loss[0].isNaN && found.loss[1...].allSatisfy(\.isFinite))
  }

  /// A picture's losses are its own, whatever the batch.
  @Test func picturesAreIndependent() {
    let batch = Batch(
      PlainLosses(timesteps: Self.timesteps, meanType: .epsilon, varType: .learnedRange, type: .rescaledMSE))
    let found = batch.found
    let alone = batch.losses.diffusion.trainingLosses(
      batch.output.rows(3..<4), xStart: batch.xStart.rows(3..<4), xT: batch.xT.rows(3..<4),
      noise: batch.noise.rows(3..<4), steps: [3], type: .rescaledMSE)
    #expect(alone.loss == [found.loss[3]])
    #expect(alone.gradient.values == found.gradient.rows(3..<4).values)
  }
}
