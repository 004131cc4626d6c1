// Options that describe the model, under the names of improved-diffusion's flags, and spellings of its scripts for what has
// another name here.

let modelOptions: [OptionDefinition] = modelShapeOptions.map { $0.belonging(to: Set(CommandName.allCases)) }

private let modelShapeOptions: [OptionDefinition] = [
  OptionDefinition(
    "image-size", .required(name: "N", example: "64"), .model, "width and height in pixels; default 64"
  ) { o, value, name throws(UsageError) in o.modelFlags.imageSize = try wholeNumber(value, name, 1...65_536) },
  OptionDefinition(
    "in-channels", .required(name: "N", example: "3"), .model, "1 for grey, 3 for colour; default 3"
  ) { o, value, name throws(UsageError) in o.modelFlags.inChannels = try wholeNumber(value, name, 1...4096) },
  OptionDefinition(
    "num-channels", .required(name: "N", example: "128"), .model, "width of the first level; default 128"
  ) { o, value, name throws(UsageError) in o.modelFlags.numChannels = try wholeNumber(value, name, 1...65_536) },
  OptionDefinition(
    "num-res-blocks", .required(name: "N", example: "2"), .model, "residual blocks for each level; default 2"
  ) { o, value, name throws(UsageError) in o.modelFlags.numResBlocks = try wholeNumber(value, name, 1...1024) },
  OptionDefinition(
    "channel-mult", .required(name: "LIST", example: "1,2,2,2"), .model,
    "width of each level as a multiple of the first; default: the original's for 32, 64 and 256 pixels"
  ) { o, value, name throws(UsageError) in
    o.modelFlags.channelMult = try wholeNumbers(value, name, 1...1024, example: "1,2,2,2")
  },
  OptionDefinition(
    "attention-resolutions", .required(name: "LIST", example: "16,8"), .model,
    "image sizes of the levels that have attention; default 16,8"
  ) { o, value, name throws(UsageError) in
    o.modelFlags.attentionResolutions = try wholeNumbers(value, name, 1...65_536, example: "16,8")
  },
  OptionDefinition(
    "num-heads", .required(name: "N", example: "4"), .model, "attention heads; default 4"
  ) { o, value, name throws(UsageError) in o.modelFlags.numHeads = try wholeNumber(value, name, 1...4096) },
  OptionDefinition(
    "num-heads-upsample", .required(name: "N", example: "4"), .model,
    "attention heads of the ascending half; -1, the default, is as many as --num-heads"
  ) { o, value, name throws(UsageError) in
    o.modelFlags.numHeadsUpsample = value == "-1" ? nil : try wholeNumber(value, name, 1...4096)
  },
  OptionDefinition("learn-sigma", .boolean, .model, "the model predicts the variance; default False") {
    o, value, name throws(UsageError) in o.modelFlags.learnSigma = try truth(value, name)
  },
  OptionDefinition("class-cond", .boolean, .model, "the model has classes, 1000 of them; default False") {
    o, value, name throws(UsageError) in o.modelFlags.classCond = try truth(value, name)
  },
  OptionDefinition(
    "num-classes", .required(name: "N", example: "10"), .model, "the model has so many classes"
  ) { o, value, name throws(UsageError) in o.modelFlags.numClasses = try wholeNumber(value, name, 1...10_000_000) },
  OptionDefinition(
    "null-class", .required(name: "N", example: "10"), .model, "the class that stands for none, for --guidance"
  ) { o, value, name throws(UsageError) in o.modelFlags.nullClass = try wholeNumber(value, name, 0...10_000_000) },
  OptionDefinition(
    "use-scale-shift-norm", .boolean, .model, "the timestep scales and shifts, rather than being added; default True"
  ) { o, value, name throws(UsageError) in o.modelFlags.useScaleShiftNorm = try truth(value, name) },
  OptionDefinition(
    "diffusion-steps", .required(name: "T", example: "1000"), .model, "steps it was trained on; default 1000"
  ) { o, value, name throws(UsageError) in o.modelFlags.diffusionSteps = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "noise-schedule", .required(name: "NAME", example: "cosine"), .model, "linear or cosine; default linear"
  ) { o, value, name throws(UsageError) in
    guard ["linear", "cosine"].contains(value) else {
      throw UsageError("--\(name): \"\(value)\" is no noise schedule; type linear or cosine")
    }
    o.modelFlags.noiseSchedule = value
  },
  OptionDefinition(
    "rescale-timesteps", .boolean, .model, "its timesteps run to 1000 however many steps it has; default True"
  ) { o, value, name throws(UsageError) in o.modelFlags.rescaleTimesteps = try truth(value, name) },
  OptionDefinition(
    "predict-xstart", .boolean, .model, "it predicts the image rather than the noise; default False"
  ) { o, value, name throws(UsageError) in o.modelFlags.predictXstart = try truth(value, name) },
  OptionDefinition(
    "sigma-small", .boolean, .model, "its fixed variance is the smaller of the two usual ones; default False"
  ) { o, value, name throws(UsageError) in o.modelFlags.sigmaSmall = try truth(value, name) },
]

let upstreamOptions: [OptionDefinition] = [
  OptionDefinition("model-path", .required(name: "FILE", example: "digits.pt"), .upstream, "--model") {
    o, value, _ throws(UsageError) in o.model = value
  },
  OptionDefinition("num-samples", .required(name: "N", example: "10"), .upstream, "--count") {
    o, value, name throws(UsageError) in o.count = try wholeNumber(value, name, 1...1_000_000_000)
  },
  OptionDefinition("batch-size", .required(name: "N", example: "16"), .upstream, "--batch") {
    o, value, name throws(UsageError) in o.batch = try wholeNumber(value, name, 1...1_000_000)
  },
  OptionDefinition("use-ddim", .boolean, .upstream, "--sampler ddim, or ddpm if False") {
    o, value, name throws(UsageError) in
    let sampler: SamplerName = try truth(value, name) ? .ddim : .ddpm
    guard o.sampler == nil || o.sampler == sampler else {
      throw UsageError("--use-ddim \(value) contradicts --sampler \(o.sampler?.rawValue ?? ""); type only one of them")
    }
    o.sampler = sampler
  },
  OptionDefinition("clip-denoised", .boolean, .upstream, "--no-clip if False") {
    o, value, name throws(UsageError) in o.clipDenoised = try truth(value, name)
  },
  // A pasted command line should work; the help says that these change nothing.
  trainingOption("dropout", .required(name: "X", example: "0.3")) { value, name throws(UsageError) in
    _ = try number(value, name, from: 0)
  },
  trainingOption("use-checkpoint", .boolean) { value, name throws(UsageError) in _ = try truth(value, name) },
  trainingOption("use-kl", .boolean) { value, name throws(UsageError) in _ = try truth(value, name) },
  trainingOption("rescale-learned-sigmas", .boolean) { value, name throws(UsageError) in _ = try truth(value, name) },
]

private func trainingOption(
  _ name: String, _ value: OptionDefinition.Value,
  check: @escaping @Sendable (String, String) throws(UsageError) -> Void
) -> OptionDefinition {
  OptionDefinition(name, value, .upstream, "matters in training only: read, and changes nothing here") {
    _, value, name throws(UsageError) in try check(value, name)
  }
}
