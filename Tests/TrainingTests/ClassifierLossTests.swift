import DiffusionCheckpoints
import DiffusionCore
import DiffusionModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionTraining

struct ClassifierLossTests {
  private struct Example {
    let loss: ClassifierLoss
    let variables: [Variable]
    let batch: TrainingBatch
  }

  private func example(isNoised: Bool) throws -> Example {
    let io = try Fixture("unet/guided-classifier.io")
    let state = try StateDict.read(path: Fixture.path("unet/guided-classifier.weights.safetensors"))
    var configuration = try Architecture(state.shapes).configuration
    configuration.adopt(try ModelDescription(json: #require(io.metadata["config"]), file: "guided-classifier"))
    let weights = Weights(state).asVariables()
    let network = try EncoderUNetModel(configuration, weights)
    let diffusion = GaussianDiffusion(
      betas: BetaSchedule.linear.betas(steps: 1000), timesteps: Array(0..<1000), meanType: .epsilon,
      varType: .fixedLarge, rescaleTimesteps: false)
    let x = io.tensor("x")
    let n = x.shape[0]
    return Example(
      loss: ClassifierLoss(network: network, diffusion: diffusion, isNoised: isNoised), variables: weights.variables,
      batch: TrainingBatch(
        xStart: x, labels: io.integers("y"), steps: (0..<n).map { 100 + 300 * $0 },
        weights: [Float](repeating: 1, count: n), noise: scrambled(x.shape)))
  }

  /// The cross entropy of the logits that the network puts out, and who was right.
  @Test(arguments: [false, true])
  func isCrossEntropy(isNoised: Bool) throws {
    let e = try example(isNoised: isNoised)
    let n = e.batch.steps.count
    let losses = e.loss.addGradients(of: e.batch, count: n)
    let x =
      isNoised
      ? e.loss.diffusion.qSample(e.batch.xStart, steps: e.batch.steps, noise: e.batch.noise) : e.batch.xStart
    let logits = e.loss.network(x, timesteps: isNoised ? e.batch.steps.map { Float($0) } : e.batch.steps.map { _ in 0 })
    let probabilities = plainSoftmax(logits)
    let classes = logits.shape[1]
    for i in 0..<n {
      let label = e.batch.labels![i]
      #expect(abs(losses.loss[i] + log(probabilities[i * classes + label])) <= 1e-5)
      let row = (0..<classes).map { probabilities[i * classes + $0] }
      #expect(losses.terms[0].values[i] == (row.max() == row[label] ? 1 : 0))
    }
    #expect(losses.terms.map(\.name) == ["acc@1", "acc@5"])
  }

  /// The gradients of all parameters, along a direction, against differences of the loss.
  @Test func gradientsAgreeWithDifferences() throws {
    let e = try example(isNoised: true)
    let n = e.batch.steps.count
    func mean() -> Double {
      e.loss.addGradients(of: e.batch, count: n).loss.reduce(0) { $0 + Double($1) } / Double(n)
    }
    _ = mean()
    for name in [
      "input_blocks.0.0.weight", "out.2.positional_embedding", "out.2.c_proj.weight", "middle_block.1.qkv.weight",
    ] {
      let variable = try #require(e.variables.first { $0.name == name })
      for other in e.variables { other.clearGradient() }
      _ = mean()
      let gradient = try #require(variable.gradient)
      let value = variable.value
      let length = Float(gradient.sumOfSquares.squareRoot())
      // Along the gradient itself the loss grows by its length.
      let step = 2e-3 * Float(value.sumOfSquares.squareRoot())
      variable.set(value.zip(gradient) { $0 + step * $1 / length })
      let more = mean()
      variable.set(value.zip(gradient) { $0 - step * $1 / length })
      let less = mean()
      variable.set(value)
      let found = (more - less) / (2 * Double(step))
      #expect(abs(found - Double(length)) <= 2e-2 * Double(length), "\(name): \(found), not \(length)")
    }
  }
}
