import DiffusionModels
import DiffusionTraining
import TestSupport

/// Eight grey pictures of 8×8 in two classes.
func smallPictures() throws -> TemporaryFolder {
  let folder = try TemporaryFolder()
  for i in 0..<8 { try folder.png("\(i % 2 == 0 ? "dark" : "light")_\(i).png", [UInt8(25 * i + 20)], side: 8) }
  return folder
}

/// A model that takes a few milliseconds for a step, with all that the state of a run is made of.
func smallRequest(_ pictures: TemporaryFolder, steps: Int = 5) -> TrainingRequest {
  var settings = StatedSettings()
  (settings.imageSize, settings.inChannels, settings.numChannels) = (8, 1, 32)
  (settings.numResBlocks, settings.channelMult, settings.attentionResolutions) = (1, [1, 2], [4])
  (settings.numHeads, settings.diffusionSteps, settings.classCond) = (2, 2, true)
  var request = TrainingRequest(data: pictures.path, steps: steps, seed: 3, settings: settings)
  (request.batchSize, request.microbatch, request.learningRate) = (4, 2, 1e-2)
  (request.emaRates, request.nullClassProbability, request.flip) = ([0.5, 0.75], 0.25, true)
  (request.dropout, request.scheduleSampler) = (0.1, .lossSecondMoment)
  (request.logInterval, request.saveInterval, request.sampleInterval) = (1, 2, 3)
  return request
}
