import DiffusionCommandLine
import DiffusionModels
import DiffusionTraining
import Sampling

/// A training step as in improved-diffusion: forward, backward, AdamW and one moving average, with evenly spaced
/// timesteps and cycling through the classes.
///
/// - Throws: errors from loading the model.
func trainingPass(_ options: Options) throws -> Pass {
  let (stated, path) = (options.request.settings, options.request.model)
  let source = try path.map { try ModelSource(path: $0, stated: stated) } ?? DiffusionModel.embeddedSource(stated)
  var networkOptions = NetworkOptions()
  networkOptions.useCheckpoint = options.bench.useCheckpoint
  let (network, variables) = try source.trainableNetwork(networkOptions)
  guard source.specification.process.continuous == nil else {
    throw ModelError.unusable(reason: "\(source.name): bench --training is for diffusion, and this is another process")
  }
  let diffusion = source.specification.process.diffusion()
  let classes = source.specification.classCount
  let loss = DenoisingLoss(network: network, takesLabels: classes != nil, diffusion: diffusion, type: .rescaledMSE)
  var optimizer = AdamW(variables, learningRate: 1e-4)
  var average = EMA(of: variables, rate: AverageRate(0.9999, warmsUp: true))
  return { x in
    let batch = x.shape[0]
    let examples = TrainingBatch(
      xStart: x.map { min(max($0, -1), 1) }, labels: classes.map { n in (0..<batch).map { $0 % n } },
      steps: (0..<batch).map { $0 * diffusion.count / batch }, weights: [Float](repeating: 1, count: batch), noise: x)
    return {
      for variable in variables { variable.clearGradient() }
      loss.addGradients(of: examples, count: batch)
      optimizer.update(variables)
      average.follow(variables)
      return x
    }
  }
}
