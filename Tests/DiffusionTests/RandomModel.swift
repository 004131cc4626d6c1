import DiffusionCheckpoints
import DiffusionModels
import TestSupport

/// The model of `sampling` and `training`: random weights, pictures `[N, 3, 16, 16]`, 11 classes, learned variance.
func randomModel() throws -> UNetModel {
  var configuration = UNetConfiguration(
    inChannels: 3, modelChannels: 32, outChannels: 6, numResBlocks: 1, attentionResolutions: [2], channelMult: [1, 2])
  configuration.numHeads = 4
  configuration.useScaleShiftNorm = true
  configuration.numClasses = 11
  let state = try StateDict.read(path: Fixture.path("unet/improved-scaleshift-class.pt"))
  return try UNetModel(configuration, Weights(state))
}
