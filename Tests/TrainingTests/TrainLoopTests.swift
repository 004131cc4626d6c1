import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import TensorCore
import TestSupport
import Testing

@testable import DiffusionTraining

struct TrainLoopTests {
  /// Twelve pictures of 16×16 in three classes.
  private func data(_ folder: String) throws -> ImageDataset {
    for i in 0..<12 {
      let pixels = scrambled([16 * 16 * 3], seed: UInt64(i + 1)).values.map { UInt8(127.5 + 100 * $0) }
      try writeAtomically(
        try Picture(width: 16, height: 16, channels: 3, pixels: pixels).png(), to: "\(folder)/\(i % 3)_\(i).png")
    }
    return try ImageDataset(path: folder, imageSize: 16, channels: 3, classes: true)
  }

  private func loop(
    _ data: ImageDataset, microbatch: Int = 4, useCheckpoint: Bool = false, isUniform: Bool = false,
    annealSteps: Int? = 20, optimalTransport: Bool = false
  ) throws -> TrainLoop {
    let model = try TrainedModel(useCheckpoint: useCheckpoint, dropout: 0.1)
    var settings = TrainingSettings()
    settings.seed = 3
    settings.batchSize = 4
    settings.microbatch = microbatch
    settings.learningRate = 1e-3
    settings.annealSteps = annealSteps
    settings.warmUpSteps = 3
    settings.clipGradients = 0.5
    settings.emaRates = [0.9, 0.99]
    settings.nullClass = 10
    settings.nullClassProbability = 0.3
    settings.flip = true
    settings.optimalTransport = optimalTransport
    let sampler: any ScheduleSampler =
      isUniform ? UniformSampler(seed: 3, steps: 1000) : LossSecondMomentResampler(seed: 3, steps: 1000)
    return TrainLoop(
      settings, loss: model.loss(.rescaledMSE), variables: model.variables, data: data, sampler: sampler)
  }

  private func expectSame(_ a: TrainLoop, _ b: TrainLoop) {
    #expect(a.step == b.step)
    for (x, y) in zip(a.variables, b.variables) { #expect(x.value.values == y.value.values, "\(x.name)") }
    for (x, y) in zip(a.averages, b.averages) { #expect(x.values.map(\.values) == y.values.map(\.values)) }
    #expect(a.optimizer.firstMoments.map(\.values) == b.optimizer.firstMoments.map(\.values))
    #expect(a.optimizer.secondMoments.map(\.values) == b.optimizer.secondMoments.map(\.values))
    #expect(a.sampler.probabilities == b.sampler.probabilities)
  }

  /// A run that goes on from its files ends as one that was never interrupted, to the bit.
  @Test func resumes() throws {
    let folder = try TemporaryFolder()
    let data = try data(folder.path)
    var whole = try loop(data)
    for _ in 0..<5 { _ = try whole.runStep() }

    var first = try loop(data)
    for _ in 0..<2 { _ = try first.runStep() }
    var description = ModelDescription()
    description.imageSize = 16
    try TrainingCheckpoint.write(first, to: folder.path, description: description)
    let kinds = TrainingCheckpoint.kinds(rates: [0.9, 0.99])
    #expect(try RunFiles(in: folder.path).newest(having: kinds) == 2)
    let model = try StateDict.read(path: "\(folder.path)/model000002.safetensors")
    #expect(model.metadata["config"] == "{\"image_size\":16}")

    var second = try loop(data)
    try TrainingCheckpoint.restore(&second, from: folder.path, step: 2)
    expectSame(first, second)
    for _ in 0..<3 { _ = try second.runStep() }
    expectSame(whole, second)
  }

  /// Checkpointing changes nothing, threads neither; micro-batches change rounding only.
  @Test func doesNotDependOnHowItIsComputed() throws {
    let folder = try TemporaryFolder()
    let data = try data(folder.path)
    func run(_ loop: TrainLoop) throws -> TrainLoop {
      var loop = loop
      for _ in 0..<2 { _ = try loop.runStep() }
      return loop
    }
    let plain = try run(loop(data, isUniform: true))
    expectSame(plain, try run(loop(data, useCheckpoint: true, isUniform: true)))
    let threads = ThreadPool.shared.threads
    defer { ThreadPool.shared.threads = threads }
    ThreadPool.shared.threads = threads == 1 ? 2 : 1
    expectSame(plain, try run(loop(data, isUniform: true)))
    // Adam's first steps have about the size of the learning rate whatever the gradient: where it is rounding alone,
    // they differ.
    let parts = try run(loop(data, microbatch: 1, isUniform: true))
    let (a, b) = (plain.variables.map(\.value), parts.variables.map(\.value))
    for (x, y) in zip(a, b) { expectClose(y, x, tolerance: 1e-3) }
    // Noise is paired within the whole step, so that its parts get the same.
    let paired = try run(loop(data, isUniform: true, optimalTransport: true))
    let pairedParts = try run(loop(data, microbatch: 1, isUniform: true, optimalTransport: true))
    let (c, d) = (paired.variables.map(\.value), pairedParts.variables.map(\.value))
    for (x, y) in zip(c, d) { expectClose(y, x, tolerance: 1e-3) }
    #expect(zip(a, c).contains { $0.values != $1.values })
  }

  @Test func learningRate() {
    var settings = TrainingSettings()
    settings.learningRate = 1
    settings.warmUpSteps = 4
    settings.annealSteps = 10
    #expect(settings.learningRate(step: 0) == 0.25)
    #expect(abs(settings.learningRate(step: 3) - 0.7) < 1e-12)
    #expect(settings.learningRate(step: 5) == 0.5)
    #expect(settings.learningRate(step: 12) == 0)
  }

  /// The loss falls when the same few pictures are seen again and again.
  @Test func learns() throws {
    let folder = try TemporaryFolder()
    var run = try loop(try data(folder.path), isUniform: true, annealSteps: nil)
    var losses: [Double] = []
    for _ in 0..<45 {
      let report = try run.runStep()
      #expect(report.loss.count == 4)
      #expect(report.terms.map(\.name) == ["mse", "vb"])
      losses.append(report.loss.reduce(0) { $0 + Double($1) } / 4)
    }
    let (early, late): (Double, Double) = (losses.prefix(10).reduce(0, +), losses.suffix(10).reduce(0, +))
    #expect(late < 0.7 * early)
  }
}
