import DiffusionModels
import Testing

@testable import DiffusionCommandLine

/// The commands that the READMEs of improved-diffusion and guided-diffusion give for their models, with their flags
/// unchanged.
struct UpstreamTrainingTests {
  struct Model: Sendable {
    let name: String
    let modelFlags: String
    let diffusionFlags: String
    let trainFlags: String
    /// What the flags mean, beside data and out.
    let enter: @Sendable (inout Options) -> Void
  }

  private static let bedroomFlags =
    "--image_size 256 --num_channels 128 --num_res_blocks 2 --num_heads 1 "
    + "--learn_sigma True --use_scale_shift_norm False --attention_resolutions 16"

  static let models = [
    Model(
      name: "the example", modelFlags: "--image_size 64 --num_channels 128 --num_res_blocks 3",
      diffusionFlags: "--diffusion_steps 4000 --noise_schedule linear", trainFlags: "--lr 1e-4 --batch_size 128"
    ) { o in
      o.training.settings = small(64, "linear")
      o.training.settings.learnSigma = nil
      o.training.batchSize = 128
    },
    Model(
      name: "ImageNet-64, L_hybrid",
      modelFlags: "--image_size 64 --num_channels 128 --num_res_blocks 3 --learn_sigma True",
      diffusionFlags: "--diffusion_steps 4000 --noise_schedule cosine", trainFlags: "--lr 1e-4 --batch_size 128"
    ) { o in
      o.training.settings = small(64, "cosine")
      o.training.batchSize = 128
    },
    Model(
      name: "CIFAR-10, L_hybrid",
      modelFlags: "--image_size 32 --num_channels 128 --num_res_blocks 3 --learn_sigma True --dropout 0.3",
      diffusionFlags: "--diffusion_steps 4000 --noise_schedule cosine", trainFlags: "--lr 1e-4 --batch_size 128"
    ) { o in
      o.training.settings = small(32, "cosine")
      o.training.dropout = 0.3
      o.training.batchSize = 128
    },
    Model(
      name: "class-conditional ImageNet-64",
      modelFlags: "--image_size 64 --num_channels 192 --num_res_blocks 3 --learn_sigma True --class_cond True",
      diffusionFlags:
        "--diffusion_steps 4000 --noise_schedule cosine --rescale_learned_sigmas False --rescale_timesteps False",
      trainFlags: "--lr 3e-4 --batch_size 2048"
    ) { o in
      o.training.settings = small(64, "cosine")
      o.training.settings.numChannels = 192
      o.training.settings.classCond = true
      o.training.settings.rescaleTimesteps = false
      o.training.rescaleLearnedSigmas = false
      o.training.learningRate = 3e-4
      o.training.batchSize = 2048
    },
    Model(
      name: "LSUN bedroom, lr=1e-4",
      modelFlags: bedroomFlags,
      diffusionFlags:
        "--diffusion_steps 1000 --noise_schedule linear --rescale_learned_sigmas False --rescale_timesteps False",
      trainFlags: "--lr 1e-4 --batch_size 128"
    ) { o in
      o.training.settings = bedroom
      o.training.rescaleLearnedSigmas = false
      o.training.batchSize = 128
    },
    Model(
      name: "LSUN bedroom, lr=2e-5",
      modelFlags: bedroomFlags,
      diffusionFlags:
        "--diffusion_steps 1000 --noise_schedule linear --rescale_learned_sigmas False --rescale_timesteps False "
        + "--use_scale_shift_norm False",
      trainFlags: "--lr 2e-5 --batch_size 128"
    ) { o in
      o.training.settings = bedroom
      o.training.rescaleLearnedSigmas = false
      o.training.learningRate = 2e-5
      o.training.batchSize = 128
    },
    Model(
      name: "ImageNet-64, L_vlb",
      modelFlags: "--image_size 64 --num_channels 128 --num_res_blocks 3 --learn_sigma True",
      diffusionFlags: "--diffusion_steps 4000 --noise_schedule cosine --use_kl True",
      trainFlags: "--lr 1e-4 --batch_size 128 --schedule_sampler loss-second-moment"
    ) { o in
      o.training.settings = small(64, "cosine")
      o.training.useKL = true
      o.training.scheduleSampler = .lossSecondMoment
      o.training.batchSize = 128
    },
    Model(
      name: "CIFAR-10, L_vlb",
      modelFlags: "--image_size 32 --num_channels 128 --num_res_blocks 3 --learn_sigma True --dropout 0.3",
      diffusionFlags: "--diffusion_steps 4000 --noise_schedule cosine --use_kl True",
      trainFlags: "--lr 1e-4 --batch_size 128 --schedule_sampler loss-second-moment"
    ) { o in
      o.training.settings = small(32, "cosine")
      o.training.dropout = 0.3
      o.training.useKL = true
      o.training.scheduleSampler = .lossSecondMoment
      o.training.batchSize = 128
    },
    Model(
      name: "guided-diffusion's classifier",
      modelFlags:
        "--image_size 128 "
        + "--classifier_attention_resolutions 32,16,8 --classifier_depth 2 "
        + "--classifier_width 128 --classifier_pool attention --classifier_resblock_updown True "
        + "--classifier_use_scale_shift_norm True",
      diffusionFlags: "",
      trainFlags:
        "--iterations 300000 --anneal_lr True --batch_size 256 --lr 3e-4 --save_interval 10000 --weight_decay 0.05"
    ) { o in
      o.training.settings.imageSize = 128
      o.training.settings.attentionResolutions = [32, 16, 8]
      o.training.settings.numResBlocks = 2
      o.training.settings.numChannels = 128
      o.training.settings.resblockUpdown = true
      o.training.settings.useScaleShiftNorm = true
      o.training.isClassifier = true
      o.training.steps = 300_000
      o.training.annealsOverAll = true
      o.training.batchSize = 256
      o.training.learningRate = 3e-4
      o.training.weightDecay = 0.05
    },
  ]

  /// What the models of 32 and 64 pixels have in common.
  private static func small(_ size: Int, _ schedule: String) -> StatedSettings {
    var flags = StatedSettings()
    flags.imageSize = size
    flags.numChannels = 128
    flags.numResBlocks = 3
    flags.learnSigma = true
    flags.diffusionSteps = 4000
    flags.noiseSchedule = schedule
    return flags
  }

  private static var bedroom: StatedSettings {
    var flags = small(256, "linear")
    flags.numResBlocks = 2
    flags.numHeads = 1
    flags.useScaleShiftNorm = false
    flags.attentionResolutions = [16]
    flags.diffusionSteps = 1000
    flags.rescaleTimesteps = false
    return flags
  }

  @Test(arguments: models)
  func aPastedCommand(_ model: Model) throws {
    let line = "--data_dir path/to/images \(model.modelFlags) \(model.diffusionFlags) \(model.trainFlags) --out run"
    guard case .train(let options, "run") = try parseTraining(line.split(separator: " ").map(String.init)) else {
      Issue.record("\(model.name): not understood as training")
      return
    }
    var expected = Options()
    expected.training.data = "path/to/images"
    expected.run.folder = "run"
    model.enter(&expected)
    #expect(options == expected, "\(model.name)")
  }
}
