import DiffusionCheckpoints
import DiffusionCore
import DiffusionModels
import DiffusionTraining
import TensorCore
import TestSupport

/// The model of `training` and `training_trace`: random weights, pictures `[N, 3, 16, 16]`, 11 classes, learned
/// variance, and its process: by default cosine, ε; T = 1000, rescaled timesteps.
struct TrainedModel {
  let variables: [Variable]
  let unet: UNetModel
  let diffusion: GaussianDiffusion

  init(
    useCheckpoint: Bool = false, dropout: Double = 0, meanType: ModelMeanType = .epsilon,
    schedule: BetaSchedule = .cosine
  ) throws {
    var configuration = UNetConfiguration(
      inChannels: 3, modelChannels: 32, outChannels: 6, numResBlocks: 1, attentionResolutions: [2],
      channelMult: [1, 2])
    configuration.numHeads = 4
    configuration.useScaleShiftNorm = true
    configuration.numClasses = 11
    configuration.useCheckpoint = useCheckpoint
    configuration.dropout = dropout
    let weights = Weights(try StateDict.read(path: Fixture.path("unet/improved-scaleshift-class.pt"))).asVariables()
    unet = try UNetModel(configuration, weights)
    variables = weights.variables
    diffusion = GaussianDiffusion(
      betas: schedule.betas(steps: 1000), timesteps: Array(0..<1000), meanType: meanType,
      varType: .learnedRange, rescaleTimesteps: true)
  }

  func loss(_ type: LossType) -> DenoisingLoss {
    DenoisingLoss(network: unet, takesLabels: true, diffusion: diffusion, type: type)
  }

  func variable(_ name: String) -> Variable { variables.first { $0.name == name }! }
}
