import DiffusionFiles
import TensorCore

extension PublishedModel {
  /// One of Google's models, distributed by diffusers, with the settings that they share.
  fileprivate init(google name: String, size: Int, mult: [Double], attention: Set<Int>, sigmaSmall: Bool) {
    var configuration = UNetConfiguration(
      inChannels: 3, modelChannels: 128, outChannels: 3, numResBlocks: 2, attentionResolutions: attention,
      channelMult: mult)
    var description = ModelDescription()
    description.family = "diffusers"
    description.kind = Architecture.Kind.unet.rawValue
    description.imageSize = size
    description.numHeads = 1
    description.normEps = 1e-6
    description.freqShift = 1
    description.flipSinToCos = false
    description.downsamplePadding = 0
    description.diffusionSteps = 1000
    description.noiseSchedule = "linear"
    description.betaStart = 1e-4
    description.betaEnd = 0.02
    description.rescaleTimesteps = false
    description.sigmaSmall = sigmaSmall
    configuration.adopt(description)
    self.init(name, .unet, configuration, description)
  }

  /// As in their `config.json`.
  static let google: [PublishedModel] = [
    PublishedModel(google: "google/ddpm-cifar10-32", size: 32, mult: [1, 2, 2, 2], attention: [2], sigmaSmall: false),
    PublishedModel(
      google: "google/ddpm of 256×256 pixels (celebahq, church, bedroom, cat)", size: 256, mult: [1, 1, 2, 2, 4, 4],
      attention: [16], sigmaSmall: true),
  ]
}
