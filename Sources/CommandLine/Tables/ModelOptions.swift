import DiffusionCore
import DiffusionModels

// Options that describe the model, under the names of the original's flags, and spellings of its scripts for what has another
// name here.

let modelOptions = hiddenFacts(in: \.request.settings).map { $0.belonging(to: CommandName.takingModelFlags) }

/// Where a flag of the model is entered.
typealias SettingsPath = WritableKeyPath<Options, StatedSettings> & Sendable

/// All flags of the model.
func modelFlagDefinitions(in settings: SettingsPath) -> [OptionDefinition] {
  hiddenFacts(in: settings) + visibleFacts(in: settings)
}

private let noiseSchedules = ["linear", "cosine"]

/// What the tensors of a checkpoint do not show.
private func hiddenFacts(in settings: SettingsPath) -> [OptionDefinition] {
  [
    OptionDefinition(
      "image-size", alias: "large-size", .required(name: "N", example: "64"), .model,
      "width and height in pixels; default: that for which the original makes such levels, or 64"
    ) { o, value, name throws(UsageError) in o[keyPath: settings].imageSize = try wholeNumber(value, name, 1...65_536)
    },
    OptionDefinition(
      "num-heads", .required(name: "N", example: "4"), .model, "attention heads; default 4"
    ) { o, value, name throws(UsageError) in o[keyPath: settings].numHeads = try wholeNumber(value, name, 1...4096) },
    OptionDefinition(
      "num-heads-upsample", .required(name: "N", example: "4"), .model,
      "attention heads of the ascending half; -1, the default, is as many as --num-heads"
    ) { o, value, name throws(UsageError) in
      o[keyPath: settings].numHeadsUpsample = value == "-1" ? nil : try wholeNumber(value, name, 1...4096)
    },
    OptionDefinition(
      "num-head-channels", .required(name: "N", example: "64"), .model,
      "channels of an attention head, in place of --num-heads; -1, the default, is none"
    ) { o, value, name throws(UsageError) in
      o[keyPath: settings].numHeadChannels = value == "-1" ? nil : try wholeNumber(value, name, 1...65_536)
    },
    OptionDefinition(
      "use-new-attention-order", .boolean, .model,
      "its attention packs all queries, then all keys, then all values; default False"
    ) { o, value, name throws(UsageError) in o[keyPath: settings].useNewAttentionOrder = try truth(value, name) },
    OptionDefinition(
      "null-class", .required(name: "N", example: "10"), .model, "the class that stands for none, for --guidance"
    ) { o, value, name throws(UsageError) in
      o[keyPath: settings].nullClass = try wholeNumber(value, name, 0...10_000_000)
    },
    OptionDefinition(
      "diffusion-steps", .required(name: "T", example: "1000"), .model, "steps it was trained on; default 1000"
    ) { o, value, name throws(UsageError) in
      o[keyPath: settings].diffusionSteps = try wholeNumber(value, name, ProcessSpecification.stepsAllowed)
    },
    OptionDefinition(
      "noise-schedule", .required(name: "NAME", example: "cosine"), .model, words: noiseSchedules,
      "linear or cosine; default linear"
    ) { o, value, name throws(UsageError) in
      guard noiseSchedules.contains(value) else {
        throw UsageError("--\(name): \"\(value)\" is no noise schedule; type linear or cosine")
      }
      o[keyPath: settings].noiseSchedule = value
    },
    OptionDefinition(
      "rescale-timesteps", .boolean, .model,
      "its timesteps run to 1000 however many steps it has; default True for improved-diffusion, else False"
    ) { o, value, name throws(UsageError) in o[keyPath: settings].rescaleTimesteps = try truth(value, name) },
    OptionDefinition(
      "predict-xstart", .boolean, .model, "it predicts the image rather than the noise; default False"
    ) { o, value, name throws(UsageError) in o[keyPath: settings].predictXstart = try truth(value, name) },
    OptionDefinition(
      "sigma-small", .boolean, .model, "its fixed variance is the smaller of the two usual ones; default False"
    ) { o, value, name throws(UsageError) in o[keyPath: settings].sigmaSmall = try truth(value, name) },
  ]
}

let comparedOptions = visibleFacts(in: \.request.settings).map { $0.belonging(to: CommandName.takingModelFlags) }

let upstreamOptions: [OptionDefinition] = [
  OptionDefinition(
    "model-path", .required(name: "FILE", example: "digits.pt"), .upstream, of: CommandName.takingModelFlags,
    "--model"
  ) { o, value, _ throws(UsageError) in o.request.model = value },
  OptionDefinition(
    "num-samples", .required(name: "N", example: "10"), .upstream,
    "--count; without --out, images go to samples_NxHxWxC.npz, as the scripts name it"
  ) { o, value, name throws(UsageError) in
    o.request.count = try wholeNumber(value, name, 1...1_000_000_000)
    o.output.isUpstreamRun = true
  },
  OptionDefinition("batch-size", .required(name: "N", example: "16"), .upstream, "--batch") {
    o, value, name throws(UsageError) in o.request.batch = try wholeNumber(value, name, 1...1_000_000)
  },
  OptionDefinition(
    "timestep-respacing", .required(name: "SPEC", example: "250"), .upstream,
    "--respacing; the sampler is ddpm then, as in the scripts, unless --use-ddim"
  ) { o, value, _ throws(UsageError) in
    o.request.respacing = value.isEmpty ? nil : value
    o.isUpstreamRespacing = true
  },
  OptionDefinition("use-ddim", .boolean, .upstream, "--sampler ddim, or ddpm if False") {
    o, value, name throws(UsageError) in
    let sampler = try truth(value, name) ? "ddim" : "ddpm"
    guard o.request.sampler == nil || o.request.sampler == sampler else {
      throw UsageError("--use-ddim \(value) contradicts --sampler \(o.request.sampler ?? ""); type only one of them")
    }
    o.request.sampler = sampler
  },
  OptionDefinition("clip-denoised", .boolean, .upstream, "--no-clip if False") {
    o, value, name throws(UsageError) in o.request.clipDenoised = try truth(value, name)
  },
  OptionDefinition("base-samples", .required(name: "FILE", example: "64_samples.npz"), .upstream, "--low-res") {
    o, value, _ throws(UsageError) in o.request.lowRes = value
  },
  // A pasted command line should work; the help says that these change nothing.
  idleOption("dropout", .required(name: "X", example: "0.3")) { value, name throws(UsageError) in
    _ = try number(value, name, from: 0)
  },
  idleOption("use-checkpoint", .boolean, of: CommandName.takingModelFlags.subtracting([.bench])) {
    value, name throws(UsageError) in _ = try truth(value, name)
  },
  idleOption("use-kl", .boolean) { value, name throws(UsageError) in _ = try truth(value, name) },
  idleOption("rescale-learned-sigmas", .boolean) { value, name throws(UsageError) in _ = try truth(value, name) },
  idleOption("use-fp16", .boolean, "changes nothing: this computes in float32") { value, name throws(UsageError) in
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
  idleOption("classifier-use-fp16", .boolean, "changes nothing: this computes in float32", of: [.draw]) {
    value, name throws(UsageError) in _ = try truth(value, name)
  },
  idleOption("small-size", .required(name: "N", example: "64"), "changes nothing: the pictures to enlarge tell") {
    value, name throws(UsageError) in _ = try wholeNumber(value, name, 1...65_536)
  },
]

private func idleClassifierOption(
  _ name: String, _ value: OptionDefinition.Value,
  check: @escaping @Sendable (String, String) throws(UsageError) -> Void
) -> OptionDefinition {
  idleOption("classifier-\(name)", value, "changes nothing: the classifier's file tells", of: [.draw], check: check)
}

private func idleOption(
  _ name: String, _ value: OptionDefinition.Value,
  _ help: String = "training only: changes nothing here", of commands: Set<CommandName> = CommandName.takingModelFlags,
  check: @escaping @Sendable (String, String) throws(UsageError) -> Void
) -> OptionDefinition {
  OptionDefinition(name, value, .upstream, of: commands, help) {
    _, value, name throws(UsageError) in try check(value, name)
  }
}

/// What the tensors of a checkpoint show: a flag that says otherwise is an error.
private func visibleFacts(in settings: SettingsPath) -> [OptionDefinition] {
  [
    visibleFact(settings, "in-channels", .required(name: "N", example: "3"), "1 for grey, 3 for colour") {
      flags, value, name throws(UsageError) in flags.inChannels = try wholeNumber(value, name, 1...4096)
    },
    visibleFact(settings, "num-channels", .required(name: "N", example: "128"), "the width that multipliers refer to") {
      flags, value, name throws(UsageError) in flags.numChannels = try wholeNumber(value, name, 1...65_536)
    },
    visibleFact(settings, "num-res-blocks", .required(name: "N", example: "2"), "residual blocks for each level") {
      flags, value, name throws(UsageError) in flags.numResBlocks = try wholeNumber(value, name, 1...1024)
    },
    visibleFact(settings, "channel-mult", .required(name: "LIST", example: "1,2,2,2"), "width of each level") {
      flags, value, name throws(UsageError) in
      // The scripts' default is an empty one.
      flags.channelMult = value.isEmpty ? nil : try multipliers(value, name, example: "1,2,2,2")
    },
    visibleFact(
      settings, "attention-resolutions", .required(name: "LIST", example: "16,8"),
      "image sizes at which there is attention"
    ) { flags, value, name throws(UsageError) in
      flags.attentionResolutions = try wholeNumbers(value, name, 1...65_536, example: "16,8")
    },
    visibleFact(settings, "learn-sigma", .boolean, "it predicts the variance") {
      flags, value, name throws(UsageError) in
      flags.learnSigma = try truth(value, name)
    },
    visibleFact(settings, "class-cond", .boolean, "it has classes") { flags, value, name throws(UsageError) in
      flags.classCond = try truth(value, name)
    },
    visibleFact(settings, "num-classes", .required(name: "N", example: "10"), "so many") {
      flags, value, name throws(UsageError) in
      flags.numClasses = try wholeNumber(value, name, 1...10_000_000)
    },
    visibleFact(settings, "use-scale-shift-norm", .boolean, "the timestep scales and shifts, rather than being added") {
      flags, value, name throws(UsageError) in flags.useScaleShiftNorm = try truth(value, name)
    },
    visibleFact(settings, "resblock-updown", .boolean, "residual blocks resample") {
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
