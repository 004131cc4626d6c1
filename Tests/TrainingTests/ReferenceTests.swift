import DiffusionCheckpoints
import DiffusionCore
import DiffusionModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionTraining

/// Gradients and steps of training, against the original code in PyTorch.
struct ReferenceTests {
  private static let tables = KernelChoice.available.map(\.name)

  /// Every parameter's gradient: the norms of all, the elements of some.
  @Test(arguments: tables, [("hybrid", LossType.rescaledMSE), ("kl", .rescaledKL)])
  func gradientsAgreeWithPyTorch(table: String, loss: (name: String, type: LossType)) throws {
    let reference = try Fixture("training")
    let list = Data(try #require(reference.metadata["names"]).utf8)
    let names = try #require(JSONSerialization.jsonObject(with: list) as? [String])
    for useCheckpoint in [false, true] {
      try KernelChoice.$current.withValue(#require(KernelChoice.table(named: table))) {
        let model = try TrainedModel(useCheckpoint: useCheckpoint)
        let batch = TrainingBatch(
          xStart: reference.tensor("x0"), labels: reference.integers("y"), steps: reference.integers("t"),
          weights: [1, 1], noise: reference.tensor("noise"))
        model.loss(loss.type).addGradients(of: batch, count: 2)
        #expect(model.variables.map(\.name).sorted() == names)
        let norms = reference.tensor("\(loss.name).grad_norms")
        // A bias before a normalisation of single channels changes nothing: its gradient is nothing but rounding.
        let rounding = 1e-7 * norms.sumOfSquares.squareRoot()
        for (i, name) in names.enumerated() {
          let gradient = try #require(model.variable(name).gradient, "\(name) has no gradient")
          let norm = gradient.sumOfSquares.squareRoot()
          #expect(
            abs(norm - Double(norms[i])) <= max(1e-4 * Double(norms[i]), rounding),
            "\(loss.name), \(name): \(norm), not \(norms[i])")
        }
        let prefix = "\(loss.name).grad."
        for name in reference.names where name.hasPrefix(prefix) {
          let expected = reference.tensor(name)
          let gradient = try #require(model.variable(String(name.dropFirst(prefix.count))).gradient)
          let error = (gradient.zip(expected) { $0 - $1 }.sumOfSquares / expected.sumOfSquares).squareRoot()
          // At t = 0 the bound is the logarithm of a difference of two probabilities, of which float32 leaves PyTorch
          // fewer digits.
          #expect(error <= (loss.type.isVB ? 3e-4 : 1e-4), "\(name)")
        }
      }
    }
  }

  /// Takes twenty steps of AdamW, and compares losses and gradient norms with the reference's, named with `prefix`.
  private func takeSteps(
    _ variables: [Variable], _ loss: some TrainingLoss, _ reference: Fixture, _ prefix: String,
    batch: (Int) -> TrainingBatch, afterStep: () -> Void = {}
  ) {
    var optimizer = AdamW(variables, learningRate: 1e-3, weightDecay: 0.01)
    for step in 0..<20 {
      for variable in variables { variable.clearGradient() }
      let mean = loss.addGradients(of: batch(step), count: 4).loss.reduce(0) { $0 + Double($1) } / 4
      let expected = Double(reference.tensor(prefix + "losses")[step])
      // The first step differs by rounding alone.
      #expect(abs(mean - expected) <= (step == 0 ? 1e-5 : 1e-3) * expected, "loss of step \(step)")
      let norm = variables.reduce(0.0) { $0 + ($1.gradient?.sumOfSquares ?? 0) }.squareRoot()
      let expectedNorm = Double(reference.tensor(prefix + "grad_norms")[step])
      #expect(abs(norm - expectedNorm) <= (step == 0 ? 1e-5 : 5e-3) * expectedNorm, "gradient of step \(step)")
      optimizer.update(variables)
      afterStep()
    }
  }

  /// The examples of a step of the trace.
  private func batch(_ inputs: Fixture, _ step: Int) -> TrainingBatch {
    TrainingBatch(
      xStart: inputs.tensor("x.\(step)"), labels: inputs.integers("y.\(step)"), steps: inputs.integers("t.\(step)"),
      weights: [1, 1, 1, 1], noise: inputs.tensor("noise.\(step)"))
  }

  /// Twenty steps of AdamW on the hybrid loss, with and without checkpointing.
  @Test(arguments: tables, [false, true])
  func stepsAgreeWithPyTorch(table: String, useCheckpoint: Bool) throws {
    let reference = try Fixture("training_trace")
    let tag = useCheckpoint ? "checkpoint" : "plain"
    try KernelChoice.$current.withValue(#require(KernelChoice.table(named: table))) {
      let model = try TrainedModel(useCheckpoint: useCheckpoint)
      var average = EMA(of: model.variables, rate: AverageRate(0.9, warmsUp: false))
      takeSteps(
        model.variables, model.loss(.rescaledMSE), reference, tag + ".", batch: { batch(reference, $0) },
        afterStep: { average.follow(model.variables) })
      for name in reference.names {
        if name.hasPrefix("final.") {
          expectClose(model.variable(String(name.dropFirst(6))).value, reference.tensor(name), tolerance: 5e-4, name)
        } else if name.hasPrefix("ema.") {
          let i = try #require(model.variables.firstIndex { $0.name == name.dropFirst(4) })
          expectClose(average.values[i], reference.tensor(name), tolerance: 5e-4, name)
        }
      }
    }
  }

  /// The same steps for v in place of the noise.
  @Test(arguments: [BetaSchedule.cosine, .sigmoid])
  func stepsForVelocityAgreeWithPyTorch(schedule: BetaSchedule) throws {
    let (inputs, reference) = (try Fixture("training_trace"), try Fixture("training_v"))
    let model = try TrainedModel(meanType: .velocity, schedule: schedule)
    let prefix = "\(schedule.rawValue)."
    takeSteps(model.variables, model.loss(.rescaledMSE), reference, prefix) { batch(inputs, $0) }
    for name in reference.names where name.hasPrefix(prefix + "final.") {
      let found = model.variable(String(name.dropFirst("\(prefix)final.".count))).value
      expectClose(found, reference.tensor(name), tolerance: 5e-4, name)
    }
  }

  /// Twenty steps of conditional flow matching, against torchcfm's on the same draws.
  @Test(arguments: ["", "transport."])
  func stepsOfAFlowAgreeWithTorchcfm(prefix: String) throws {
    let (inputs, reference) = (try Fixture("training_trace"), try Fixture("training_flow"))
    let (network, variables) = try network(outChannels: 3)
    let loss = FlowLoss(network: network, takesLabels: true)
    takeSteps(variables, loss, reference, prefix) { step in
      var batch = self.batch(inputs, step)
      batch.uniforms = reference.tensor("t.\(step)").values
      return prefix.isEmpty ? batch : batch.withTransportedNoise()
    }
    for name in reference.names where name.hasPrefix(prefix + "final.") {
      let variable = try #require(variables.first { $0.name == name.dropFirst("\(prefix)final.".count) })
      expectClose(variable.value, reference.tensor(name), tolerance: 5e-4, name)
    }
  }

  /// Twenty steps of consistency tuning, in four stages, of networks that predict ε (and a variance), x₀ or v.
  @Test(arguments: [("epsilon", ModelMeanType.epsilon), ("sample", .startX), ("v", .velocity)])
  func stepsOfConsistencyTuningAgreeWithPyTorch(prediction: (name: String, type: ModelMeanType)) throws {
    let (inputs, reference) = (try Fixture("training_trace"), try Fixture("training_consistency"))
    let (network, variables) = try network(outChannels: prediction.type == .epsilon ? 6 : 3)
    let levels = try #require(
      TimestepLevels(betas: BetaSchedule.cosine.betas(steps: 1000), rescaleTimesteps: true, meanType: prediction.type))
    let loss = ConsistencyLoss(
      network: network, takesLabels: true, diffusion: ContinuousDiffusion(timesteps: levels, steps: 1000), stageSteps: 5
    )
    let prefix = "\(prediction.name)."
    takeSteps(variables, loss, reference, prefix) { step in
      var batch = self.batch(inputs, step)
      (batch.uniforms, batch.trainingStep) = (reference.tensor("uniform.\(step)").values, step)
      return batch
    }
    for name in reference.names where name.hasPrefix(prefix + "final.") {
      let variable = try #require(variables.first { $0.name == name.dropFirst("\(prefix)final.".count) })
      expectClose(variable.value, reference.tensor(name), tolerance: 5e-4, name)
    }
  }

  /// The network of `training_trace` with `outChannels` of its output, 6 or, without a variance's, 3.
  private func network(outChannels: Int) throws -> (UNetModel, [Variable]) {
    var configuration = UNetConfiguration(
      inChannels: 3, modelChannels: 32, outChannels: outChannels, numResBlocks: 1, attentionResolutions: [2],
      channelMult: [1, 2])
    (configuration.numHeads, configuration.useScaleShiftNorm, configuration.numClasses) = (4, true, 11)
    let state = try StateDict.read(path: Fixture.path("unet/improved-scaleshift-class.pt"))
    let tensors = try Dictionary(
      uniqueKeysWithValues: state.names.map { name in
        let tensor = try state.tensor(name, shape: state.shape(of: name) ?? [])
        return (name, name.hasPrefix("out.2.") ? tensor.rows(0..<outChannels) : tensor)
      })
    let weights = Weights(tensors: tensors).asVariables()
    return (try UNetModel(configuration, weights), weights.variables)
  }

  /// Checkpointing computes the same gradients to the bit, with dropout too.
  @Test func checkpointingChangesNothing() throws {
    let reference = try Fixture("training_trace")
    let gradients = try [false, true].map { useCheckpoint in
      let model = try TrainedModel(useCheckpoint: useCheckpoint, dropout: 0.2)
      let batch = TrainingBatch(
        xStart: reference.tensor("x.0"), labels: reference.integers("y.0"), steps: reference.integers("t.0"),
        weights: [1, 1, 1, 1], noise: reference.tensor("noise.0"))
      Dropout.Draws.$current.withValue(.init(seed: 3, firstExample: 0)) {
        _ = model.loss(.rescaledMSE).addGradients(of: batch, count: 4)
      }
      return model.variables.map { $0.gradient?.values ?? [] }
    }
    #expect(gradients[0] == gradients[1])
  }

  /// The gradient of a batch is the sum of those of its parts.
  @Test func microBatchesAddUp() throws {
    let reference = try Fixture("training_trace")
    let (x, y, t, noise) = (
      reference.tensor("x.0"), reference.integers("y.0"), reference.integers("t.0"), reference.tensor("noise.0")
    )
    let gradients = try [4, 1].map { size in
      let model = try TrainedModel()
      for first in stride(from: 0, to: 4, by: size) {
        let part = first..<first + size
        model.loss(.rescaledMSE).addGradients(
          of: .init(
            xStart: x.rows(part), labels: Array(y[part]), steps: Array(t[part]),
            weights: [Float](repeating: 1, count: size),
            noise: noise.rows(part)), count: 4)
      }
      return model.variables.compactMap(\.gradient)
    }
    for (whole, parts) in zip(gradients[0], gradients[1]) {
      expectClose(parts, whole, tolerance: 1e-5 * max(whole.largestMagnitude, 1e-3))
    }
  }
}
