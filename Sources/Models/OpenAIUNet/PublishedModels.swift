import DiffusionFiles
import TensorCore

/// A published model, recognised by its tensor shapes, with the settings that they do not show.
public struct PublishedModel: Sendable {
  /// Its publisher, size and use, for instance `OpenAI's guided-diffusion 256×256, unconditional`.
  public let name: String
  /// The kind of network.
  public let kind: Architecture.Kind
  /// The complete configuration, including heads, the order of queries, keys and values, and the image size.
  public let configuration: UNetConfiguration
  /// Its description, as a sidecar file could give it.
  public let description: ModelDescription

  /// The model in `models` with this architecture; nil if there is none.
  static func matching(_ architecture: Architecture, among models: [PublishedModel]) -> PublishedModel? {
    models.first {
      $0.kind == architecture.kind && $0.configuration.readable == architecture.configuration.readable
    }
  }

  init(
    _ name: String, _ family: String = "guided", kind: Architecture.Kind = .unet, size: Int, width: Int,
    mult: [Double], blocks: Int, attention: Set<Int>, classes: Int? = nil, out: Int = 6, heads: Int = 4,
    headChannels: Int? = nil, newOrder: Bool = false, updown: Bool = true, scaleShift: Bool = true, steps: Int = 1000,
    schedule: String = "linear", rescale: Bool = false
  ) {
    var configuration = UNetConfiguration(
      inChannels: kind == .superResolution ? 6 : 3, modelChannels: width, outChannels: out, numResBlocks: blocks,
      attentionResolutions: attention, channelMult: mult)
    configuration.resblockUpdown = updown
    configuration.numClasses = classes
    configuration.useScaleShiftNorm = scaleShift
    configuration.isSuperResolution = kind == .superResolution
    var description = ModelDescription()
    description.family = family
    description.kind = kind.rawValue
    description.imageSize = size
    description.numHeads = headChannels == nil ? heads : nil
    description.numHeadChannels = headChannels
    description.useNewAttentionOrder = newOrder
    description.diffusionSteps = steps
    description.noiseSchedule = schedule
    description.rescaleTimesteps = rescale
    configuration.adopt(description)
    self.init(name, kind, configuration, description)
  }

  init(
    _ name: String, _ kind: Architecture.Kind, _ configuration: UNetConfiguration, _ description: ModelDescription
  ) {
    (self.name, self.kind, self.configuration, self.description) = (name, kind, configuration, description)
  }

  /// OpenAI's models, with the flags in the READMEs of openai/improved-diffusion and openai/guided-diffusion. Some
  /// entries stand for several models with the same shapes and flags but different training data.
  static let openAI: [PublishedModel] = [
    PublishedModel(
      "OpenAI's improved-diffusion CIFAR-10", "improved", size: 32, width: 128, mult: [1, 2, 2, 2], blocks: 3,
      attention: [2, 4], updown: false, steps: 4000, schedule: "cosine", rescale: true),
    PublishedModel(
      "OpenAI's improved-diffusion ImageNet-64, unconditional", "improved", size: 64, width: 128, mult: [1, 2, 3, 4],
      blocks: 3, attention: [4, 8], updown: false, steps: 4000, schedule: "cosine", rescale: true),
    PublishedModel(
      "OpenAI's improved-diffusion ImageNet-64, class-conditional", "improved", size: 64, width: 192,
      mult: [1, 2, 3, 4], blocks: 3, attention: [4, 8], classes: 1000, updown: false, steps: 4000, schedule: "cosine"),
    PublishedModel(
      "OpenAI's improved-diffusion LSUN bedroom 256×256", "improved", size: 256, width: 128, mult: [1, 1, 2, 2, 4, 4],
      blocks: 2, attention: [16], heads: 1, updown: false, scaleShift: false),
    PublishedModel(
      "OpenAI's improved-diffusion upsampler 64 → 256", "improved", kind: .superResolution, size: 256, width: 192,
      mult: [1, 1, 2, 2, 4, 4], blocks: 2, attention: [16, 32], classes: 1000, updown: false, steps: 4000),
    PublishedModel(
      "OpenAI's guided-diffusion 64×64", size: 64, width: 192, mult: [1, 2, 3, 4], blocks: 3, attention: [2, 4, 8],
      classes: 1000, headChannels: 64, newOrder: true, schedule: "cosine"),
    PublishedModel(
      "OpenAI's guided-diffusion 128×128", size: 128, width: 256, mult: [1, 1, 2, 3, 4], blocks: 2,
      attention: [4, 8, 16], classes: 1000, heads: 4),
    PublishedModel(
      "OpenAI's guided-diffusion 256×256, class-conditional", size: 256, width: 256, mult: [1, 1, 2, 2, 4, 4],
      blocks: 2, attention: [8, 16, 32], classes: 1000, headChannels: 64),
    PublishedModel(
      "OpenAI's guided-diffusion 256×256, unconditional (ImageNet or LSUN)", size: 256, width: 256,
      mult: [1, 1, 2, 2, 4, 4], blocks: 2, attention: [8, 16, 32], headChannels: 64),
    PublishedModel(
      "OpenAI's guided-diffusion 512×512", size: 512, width: 256, mult: [0.5, 1, 1, 2, 2, 4, 4], blocks: 2,
      attention: [16, 32, 64], classes: 1000, headChannels: 64),
    PublishedModel(
      "OpenAI's guided-diffusion upsampler 64 → 256", kind: .superResolution, size: 256, width: 192,
      mult: [1, 1, 2, 2, 4, 4], blocks: 2, attention: [8, 16, 32], classes: 1000, heads: 4),
    PublishedModel(
      "OpenAI's guided-diffusion upsampler 128 → 512", kind: .superResolution, size: 512, width: 192,
      mult: [1, 1, 2, 2, 4, 4], blocks: 2, attention: [16, 32], classes: 1000, headChannels: 64),
    // Others' models of guided-diffusion's code that are as widely held.
    PublishedModel(
      "the FFHQ 256×256 of DPS, ILVR and P2 (ffhq_10m)", size: 256, width: 128, mult: [1, 1, 2, 2, 4, 4], blocks: 1,
      attention: [16], headChannels: 64),
    PublishedModel(
      "the unconditional fine-tuning of OpenAI's 512×512 (512x512_diffusion_uncond_finetune_008100)", size: 512,
      width: 256, mult: [0.5, 1, 1, 2, 2, 4, 4], blocks: 2, attention: [16, 32, 64], headChannels: 64),
    classifier(64, mult: [1, 2, 3, 4], blocks: 4, attention: [2, 4, 8]),
    classifier(128, mult: [1, 1, 2, 3, 4], blocks: 2, attention: [4, 8, 16]),
    classifier(256, mult: [1, 1, 2, 2, 4, 4], blocks: 2, attention: [8, 16, 32]),
    classifier(512, mult: [0.5, 1, 1, 2, 2, 4, 4], blocks: 2, attention: [16, 32, 64]),
  ]

  private static func classifier(_ size: Int, mult: [Double], blocks: Int, attention: Set<Int>) -> PublishedModel {
    PublishedModel(
      "OpenAI's guided-diffusion classifier \(size)×\(size)", kind: .classifier, size: size, width: 128, mult: mult,
      blocks: blocks, attention: attention, out: 1000, headChannels: 64)
  }
}

extension UNetConfiguration {
  /// The part that shapes show, with defaults for the rest.
  fileprivate var readable: UNetConfiguration {
    var copy = UNetConfiguration(
      inChannels: inChannels, modelChannels: modelChannels, outChannels: outChannels, numResBlocks: numResBlocks,
      attentionResolutions: attentionResolutions, channelMult: channelMult)
    copy.convResample = convResample
    copy.resblockUpdown = resblockUpdown
    copy.dims = dims
    copy.numClasses = numClasses
    copy.useScaleShiftNorm = useScaleShiftNorm
    copy.isSuperResolution = isSuperResolution
    return copy
  }
}
