import DiffusionCore
import DiffusionModels

// Flags that describe the model, named as in the original, and the original scripts' spellings of options that have
// another name here.

let modelOptions =
  (hiddenFacts(in: \.request.settings) + [processOption, conditionFirstOption, networkOption, releaseOption])
  .map { $0.belonging(to: CommandName.takingModelFlags) }

/// The process of a model that is drawn from; training has its own option.
private let processOption =
  OptionDefinition(
    "process", .required(name: "NAME", example: "edm"), .model, words: ProcessSpecification.names,
    "in place of what was recognised: \(ProcessSpecification.names.joined(separator: ", ")); flow has data at t = 1"
  ) { o, value, name throws(UsageError) in
    guard ProcessSpecification.names.contains(value) else {
      throw UsageError(
        """
        --\(name): \"\(value)\" is not a process; type --\(name) and one of \
        \(ProcessSpecification.names.joined(separator: ", "))
        """)
    }
    o.request.settings.process = value
  }

/// The order of channels of a conditional model, none of which is trained here.
private let conditionFirstOption =
  OptionDefinition(
    "condition-first", .boolean, .model,
    "the channels of --condition come before the image's own; default True for SR3 and Palette, else False"
  ) { o, value, name throws(UsageError) in o.request.settings.conditionFirst = try truth(value, name) }

/// The settings of networks of other code bases, each of which has its own.
private let networkOption =
  OptionDefinition(
    "network", .required(name: "LIST", example: "fir=False"), .model,
    """
    settings of another code base's network, NAME=VALUE[,...], by its names; sample inspect lists those of a file
    """
  ) { o, value, name throws(UsageError) in
    for item in value.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = item.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw UsageError("--\(name): \"\(value)\" is no list of settings; type for instance --\(name) fir=False")
      }
      o.request.settings.network = (o.request.settings.network ?? [:]).merging([parts[0]: parts[1]]) { $1 }
    }
  }

/// The release of the code base that made a file which does not say so.
private let releaseOption =
  OptionDefinition(
    "release", .required(name: "X.Y.Z", example: "0.27.1"), .model,
    "the release of denoising-diffusion-pytorch that made the file, if the file does not say"
  ) { o, value, name throws(UsageError) in
    let numbers = value.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard (2...4).contains(numbers.count), numbers.allSatisfy({ $0 != nil && (0...9999).contains($0 ?? -1) }) else {
      throw UsageError("--\(name): \"\(value)\" is no release; type for instance --\(name) 0.27.1")
    }
    o.request.settings.network = (o.request.settings.network ?? [:]).merging(["release": value]) { $1 }
  }

/// Where a model flag is stored.
typealias SettingsPath = WritableKeyPath<Options, StatedSettings> & Sendable

/// All model flags.
func modelFlagDefinitions(in settings: SettingsPath) -> [OptionDefinition] {
  hiddenFacts(in: settings) + visibleFacts(in: settings)
}

private let noiseSchedules = BetaSchedule.allCases.map(\.rawValue)
private let predictions = ModelMeanType.predictions + ["velocity"]

/// Settings that the tensors of a checkpoint do not show.
private func hiddenFacts(in settings: SettingsPath) -> [OptionDefinition] {
  [
    OptionDefinition(
      "image-size", alias: "large-size", .required(name: "N", example: "64"), .model,
      """
      width and height in pixels; default: the size for which improved- or guided-diffusion uses the same \
      --channel-mult, or 64
      """
    ) { o, value, name throws(UsageError) in o[keyPath: settings].imageSize = try wholeNumber(value, name, 1...4096)
    },
    OptionDefinition(
      "num-heads", .required(name: "N", example: "4"), .model, "attention heads; default 4"
    ) { o, value, name throws(UsageError) in o[keyPath: settings].numHeads = try wholeNumber(value, name, 1...4096) },
    OptionDefinition(
      "num-heads-upsample", .required(name: "N", example: "4"), .model,
      "attention heads in the UNet's decoder; default -1: as many as --num-heads"
    ) { o, value, name throws(UsageError) in
      o[keyPath: settings].numHeadsUpsample = value == "-1" ? nil : try wholeNumber(value, name, 1...4096)
    },
    OptionDefinition(
      "num-head-channels", .required(name: "N", example: "64"), .model,
      "channels per attention head, in place of --num-heads; default -1: not set"
    ) { o, value, name throws(UsageError) in
      o[keyPath: settings].numHeadChannels = value == "-1" ? nil : try wholeNumber(value, name, 1...65_536)
    },
    OptionDefinition(
      "use-new-attention-order", .boolean, .model,
      "attention packs the queries of all heads, then all keys, then all values, instead of head by head; default False"
    ) { o, value, name throws(UsageError) in o[keyPath: settings].useNewAttentionOrder = try truth(value, name) },
    OptionDefinition(
      "null-class", .required(name: "N", example: "10"), .model, "number of the null class, for --guidance"
    ) { o, value, name throws(UsageError) in
      o[keyPath: settings].nullClass = try wholeNumber(value, name, 0...10_000_000)
    },
    OptionDefinition(
      "diffusion-steps", .required(name: "T", example: "1000"), .model,
      "diffusion steps that it was trained with; default 1000"
    ) { o, value, name throws(UsageError) in
      o[keyPath: settings].diffusionSteps = try wholeNumber(value, name, ProcessSpecification.stepsAllowed)
    },
    OptionDefinition(
      "noise-schedule", .required(name: "NAME", example: "cosine"), .model, words: noiseSchedules,
      "linear, cosine or sigmoid; default linear"
    ) { o, value, name throws(UsageError) in
      guard noiseSchedules.contains(value) else {
        throw UsageError("--\(name): \"\(value)\" is not a noise schedule; type --\(name) linear, cosine or sigmoid")
      }
      o[keyPath: settings].noiseSchedule = value
    },
    OptionDefinition(
      "rescale-timesteps", .boolean, .model,
      """
      the network gets timesteps scaled to 1000, whatever --diffusion-steps is; \
      default True for improved-diffusion, else False
      """
    ) { o, value, name throws(UsageError) in o[keyPath: settings].rescaleTimesteps = try truth(value, name) },
    OptionDefinition(
      "predict-xstart", .boolean, .model, "the network predicts the image instead of the noise; default False"
    ) { o, value, name throws(UsageError) in o[keyPath: settings].predictXstart = try truth(value, name) },
    OptionDefinition(
      "prediction", .required(name: "NAME", example: "v"), .model, words: predictions,
      "what the network predicts: epsilon (the noise), sample (the image) or v (the velocity); default epsilon"
    ) { o, value, name throws(UsageError) in
      guard predictions.contains(value) else {
        throw UsageError("--\(name): \"\(value)\" is not a prediction; type --\(name) epsilon, sample or v")
      }
      o[keyPath: settings].prediction = value
    },
    OptionDefinition(
      "sigma-small", .boolean, .model,
      """
      the fixed variance is the posterior's, the smaller of the two usual choices; default False
      """
    ) { o, value, name throws(UsageError) in o[keyPath: settings].sigmaSmall = try truth(value, name) },
  ]
}

let comparedOptions = visibleFacts(in: \.request.settings).map { $0.belonging(to: CommandName.takingModelFlags) }

let upstreamOptions: [OptionDefinition] = [
  OptionDefinition(
    "model-path", .required(name: "FILE", example: "digits.pt"), .upstream, of: CommandName.takingModelFlags,
    "same as --model; without steps or a sampler, all of the model's timesteps are drawn with ddpm, as in the scripts"
  ) { o, value, _ throws(UsageError) in
    o.request.model = value
    o.usesModelPathFlag = true
  },
  OptionDefinition(
    "num-samples", .required(name: "N", example: "10"), .upstream,
    "same as --count; without --out, images go to samples_NxHxWxC.npz, as in the scripts"
  ) { o, value, name throws(UsageError) in
    o.request.count = try wholeNumber(value, name, 1...1_000_000_000)
    o.output.isUpstreamRun = true
  },
  OptionDefinition(
    "sample-dir", .required(name: "FOLDER", example: "samples"), .upstream,
    "same as --out with a folder, one file per image, as in P2-weighting"
  ) { o, value, name throws(UsageError) in
    do throws(UsageError) {
      o.output.destination = try destination(value.hasSuffix("/") ? value : value + "/")
    } catch {
      throw UsageError(verbatim: error.description.replacing("--out", with: "--\(name)", maxReplacements: 1))
    }
  },
  OptionDefinition("batch-size", .required(name: "N", example: "16"), .upstream, "same as --batch") {
    o, value, name throws(UsageError) in o.request.batch = try wholeNumber(value, name, 1...1_000_000)
  },
  OptionDefinition(
    "timestep-respacing", .required(name: "SPEC", example: "250"), .upstream,
    "same as --respacing, but the default sampler is ddpm, as in the scripts"
  ) { o, value, _ throws(UsageError) in
    o.request.respacing = value
    o.isUpstreamRespacing = true
  },
  OptionDefinition(
    "use-ddim", .boolean, .upstream,
    "ddim if True, ddpm if False; without --steps over all of the model's timesteps, as in the scripts"
  ) {
    o, value, name throws(UsageError) in
    let sampler = try truth(value, name) ? DDIM.info.name : DDPM.info.name
    guard o.request.sampler == nil || o.request.sampler == sampler else {
      throw UsageError("--use-ddim \(value) contradicts --sampler \(o.request.sampler ?? ""); type only one of them")
    }
    o.request.sampler = sampler
    o.usesDDIMFlag = true
  },
  OptionDefinition("clip-denoised", .boolean, .upstream, "same as --no-clip if False") {
    o, value, name throws(UsageError) in o.request.clipDenoised = try truth(value, name)
  },
  OptionDefinition("base-samples", .required(name: "FILE", example: "64_samples.npz"), .upstream, "same as --low-res") {
    o, value, _ throws(UsageError) in o.request.lowRes = value
  },
  OptionDefinition(
    "training-mode", .required(name: "MODE", example: "edm"), .upstream, of: CommandName.takingModelFlags,
    "--process edm if it is edm, --process consistency if consistency_distillation or consistency_training"
  ) { o, value, name throws(UsageError) in
    let processes = [
      "edm": "edm", "consistency_distillation": "consistency", "consistency_training": "consistency",
    ]
    guard let process = processes[value] else {
      throw UsageError(
        "--\(name): \"\(value)\" cannot be drawn; type edm, consistency_distillation or consistency_training")
    }
    o.request.settings.process = process
  },
  OptionDefinition(
    "sigma-max", .required(name: "S", example: "80"), .upstream, of: CommandName.takingModelFlags,
    "the largest noise level of an EDM or consistency model; default 80"
  ) { o, value, name throws(UsageError) in o.request.settings.sigmaMax = try number(value, name, from: 0) },
  OptionDefinition(
    "sigma-min", .required(name: "S", example: "0.002"), .upstream, of: CommandName.takingModelFlags,
    "the least noise level of an EDM or consistency model; default 0.002"
  ) { o, value, name throws(UsageError) in o.request.settings.sigmaMin = try number(value, name, from: 0) },
  // Accepted so that command lines of the original can be pasted; the help says that they have no effect.
  idleOption("generator", .required(name: "NAME", example: "determ")) { _, _ throws(UsageError) in },
  idleOption("weight-schedule", .required(name: "NAME", example: "uniform")) { _, _ throws(UsageError) in },
  idleOption("dropout", .required(name: "X", example: "0.3")) { value, name throws(UsageError) in
    _ = try number(value, name, from: 0, example: "0.5")
  },
  idleOption("use-checkpoint", .boolean, of: CommandName.takingModelFlags.subtracting([.bench])) {
    value, name throws(UsageError) in _ = try truth(value, name)
  },
  idleOption("use-kl", .boolean) { value, name throws(UsageError) in _ = try truth(value, name) },
  idleOption("rescale-learned-sigmas", .boolean) { value, name throws(UsageError) in _ = try truth(value, name) },
  idleOption("use-fp16", .boolean, "no effect: everything is computed in float32") { value, name throws(UsageError) in
    _ = try truth(value, name)
  },
  idleClassifierOption("width", .required(name: "N", example: "128")) { value, name throws(UsageError) in
    _ = try wholeNumber(value, name, 1...65_536)
  },
  idleClassifierOption("depth", .required(name: "N", example: "2")) { value, name throws(UsageError) in
    _ = try wholeNumber(value, name, 1...1024)
  },
  idleClassifierOption("attention-resolutions", .required(name: "LIST", example: "32,16,8")) {
    value, name throws(UsageError) in _ = try wholeNumbers(value, name, 1...65_536, example: "32,16,8")
  },
  idleClassifierOption("use-scale-shift-norm", .boolean) { value, name throws(UsageError) in
    _ = try truth(value, name)
  },
  idleClassifierOption("resblock-updown", .boolean) { value, name throws(UsageError) in _ = try truth(value, name) },
  idleClassifierOption("pool", .required(name: "NAME", example: "attention")) { _, _ throws(UsageError) in },
  idleOption("classifier-use-fp16", .boolean, "no effect: everything is computed in float32", of: [.draw]) {
    value, name throws(UsageError) in _ = try truth(value, name)
  },
  idleOption("small-size", .required(name: "N", example: "64"), "no effect: taken from the images to enlarge") {
    value, name throws(UsageError) in _ = try wholeNumber(value, name, 1...65_536)
  },
]

private func idleClassifierOption(
  _ name: String, _ value: OptionDefinition.Value,
  check: @escaping @Sendable (String, String) throws(UsageError) -> Void
) -> OptionDefinition {
  idleOption("classifier-\(name)", value, "no effect: taken from the classifier's file", of: [.draw], check: check)
}

private func idleOption(
  _ name: String, _ value: OptionDefinition.Value,
  _ help: String = "for training; no effect here", of commands: Set<CommandName> = CommandName.takingModelFlags,
  check: @escaping @Sendable (String, String) throws(UsageError) -> Void
) -> OptionDefinition {
  OptionDefinition(name, value, .upstream, of: commands, help) {
    _, value, name throws(UsageError) in try check(value, name)
  }
}

/// Settings that the tensors of a checkpoint show: a flag that contradicts them is an error.
private func visibleFacts(in settings: SettingsPath) -> [OptionDefinition] {
  [
    visibleFact(settings, "in-channels", .required(name: "N", example: "3"), "1 for grey, 3 for colour") {
      flags, value, name throws(UsageError) in flags.inChannels = try wholeNumber(value, name, 1...4096)
    },
    visibleFact(
      settings, "num-channels", .required(name: "N", example: "128"),
      """
      base width, which --channel-mult multiplies
      """
    ) {
      flags, value, name throws(UsageError) in flags.numChannels = try wholeNumber(value, name, 1...65_536)
    },
    visibleFact(settings, "num-res-blocks", .required(name: "N", example: "2"), "residual blocks per level") {
      flags, value, name throws(UsageError) in flags.numResBlocks = try wholeNumber(value, name, 1...1024)
    },
    visibleFact(
      settings, "channel-mult", .required(name: "LIST", example: "1,2,2,2"),
      """
      width of each level, as a multiple of --num-channels
      """
    ) {
      flags, value, name throws(UsageError) in
      // The original scripts' default is empty.
      flags.channelMult = value.isEmpty ? nil : try multipliers(value, name, example: "1,2,2,2")
    },
    visibleFact(
      settings, "attention-resolutions", .required(name: "LIST", example: "16,8"),
      "resolutions at which there is attention"
    ) { flags, value, name throws(UsageError) in
      flags.attentionResolutions = try wholeNumbers(value, name, 1...65_536, example: "16,8")
    },
    visibleFact(settings, "learn-sigma", .boolean, "the network also predicts the variance") {
      flags, value, name throws(UsageError) in
      flags.learnSigma = try truth(value, name)
    },
    visibleFact(settings, "class-cond", .boolean, "the model is class-conditional") {
      flags, value, name throws(UsageError) in
      flags.classCond = try truth(value, name)
    },
    visibleFact(settings, "num-classes", .required(name: "N", example: "10"), "number of classes") {
      flags, value, name throws(UsageError) in
      flags.numClasses = try wholeNumber(value, name, 1...10_000_000)
    },
    visibleFact(
      settings, "use-scale-shift-norm", .boolean,
      """
      the timestep embedding scales and shifts activations instead of being added
      """
    ) {
      flags, value, name throws(UsageError) in flags.useScaleShiftNorm = try truth(value, name)
    },
    visibleFact(settings, "resblock-updown", .boolean, "residual blocks do the up- and downsampling") {
      flags, value, name throws(UsageError) in
      flags.resblockUpdown = try truth(value, name)
    },
  ]
}

private func visibleFact(
  _ settings: SettingsPath, _ name: String, _ value: OptionDefinition.Value, _ help: String,
  enter: @escaping @Sendable (inout StatedSettings, String, String) throws(UsageError) -> Void
) -> OptionDefinition {
  OptionDefinition(name, value, .visible, help) { o, value, name throws(UsageError) in
    try enter(&o[keyPath: settings], value, name)
  }
}
