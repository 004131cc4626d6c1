import DiffusionCommandLine
import DiffusionCore
import DiffusionTraining

/// Steps of training as improved-diffusion takes them: forward, backward, AdamW and one moving average, for steps of the process
/// spread evenly and classes in turn.
///
/// - Throws: what loading a model throws.
func trainingPass(_ options: Options) throws -> Pass {
  let source = try ModelSource(path: options.model, flags: options.modelFlags)
  let (unet, variables) = try source.trainedUNet(useCheckpoint: options.bench.useCheckpoint)
  let settings = source.settings
  let diffusion = GaussianDiffusion(
    betas: settings.betas, timesteps: Array(settings.betas.indices), meanType: settings.meanType,
    varType: settings.varType, rescaleTimesteps: settings.rescaleTimesteps)
  let loss = DenoisingLoss(unet: unet, diffusion: diffusion, type: .rescaledMSE)
  var optimizer = AdamW(variables, learningRate: 1e-4)
  var average = EMA(of: variables, rate: 0.9999)
  return { x in
    let batch = x.shape[0]
    let examples = TrainingBatch(
      xStart: x.map { min(max($0, -1), 1) }, labels: settings.unet.numClasses.map { n in (0..<batch).map { $0 % n } },
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
