import DiffusionCore
import DiffusionModels
import TensorCore
import TestSupport
import Testing

@testable import DiffusionTraining

/// What the averages of a short training are worth.
struct AverageQualityTests {
  /// The mean loss of weights on the data, with noise and timesteps that training has not seen.
  private func loss(_ tensors: [String: Tensor], _ run: borrowing TrainingRun) throws -> Double {
    let weights = Weights(tensors: tensors).asVariables()
    let loss = try run.specification.loss(weights)
    let count = 128
    let pictures = try (0..<count).map { i in
      let picture = try run.data.image(i % run.data.count)
      return picture.reshaped([1] + picture.shape)
    }
    var noise = PhiloxNoise(seed: 99, images: 0..<count, shape: Array(pictures[0].shape.dropFirst()))
    let batch = TrainingBatch(
      xStart: Tensor.stacked(pictures), labels: nil, steps: (0..<count).map { $0 * 7 % 100 },
      weights: [Float](repeating: 1, count: count), noise: noise.next())
    let losses = loss.addGradients(of: batch, count: count).loss
    return losses.reduce(0) { $0 + Double($1) } / Double(count)
  }

  @Test("After 150 steps on digits the average is no worse than the raw weights; with a constant rate it is noise")
  func shortTraining() throws {
    let folder = try TemporaryFolder()
    var settings = StatedSettings()
    (settings.imageSize, settings.inChannels, settings.numChannels, settings.numResBlocks) = (16, 1, 32, 1)
    (settings.channelMult, settings.attentionResolutions, settings.numHeads) = ([1, 2], [8], 2)
    (settings.diffusionSteps, settings.noiseSchedule) = (100, "cosine")
    var request = TrainingRequest(data: Fixture.path("mnist.npz"), steps: 150, seed: 1, settings: settings)
    (request.batchSize, request.learningRate, request.emaRates) = (8, 1e-3, [0.9999])
    func train(_ request: TrainingRequest, _ name: String) throws -> (raw: Double, average: Double, drawn: Double) {
      var run = try TrainingRun(request, folder: "\(folder.path)/\(name)")
      while !run.isFinished { try run.step() }
      let (variables, average) = (run.loop.variables, run.loop.averages[0].values)
      let names = variables.map(\.name)
      return (
        try loss(Dictionary(uniqueKeysWithValues: zip(names, variables.map(\.value))), run),
        try loss(Dictionary(uniqueKeysWithValues: zip(names, average)), run), try loss(run.loop.drawnTensors, run)
      )
    }
    let warm = try train(request, "warm")
    #expect(warm.average <= warm.raw && warm.drawn == warm.average, "\(warm)")
    request.emaWarmUp = false
    let constant = try train(request, "constant")
    // The loss of a network that says nothing is the variance of the noise, 1.
    #expect(constant.raw == warm.raw && constant.average > 0.8 && constant.drawn == constant.raw, "\(constant)")
  }
}
