import DiffusionCore
import DiffusionTraining

// What `train` takes, under the names of the original's flags where it has them.

let trainingOptions: [OptionDefinition] = [
  OptionDefinition(
    "data", alias: "data-dir", .required(name: "PATH", example: "pictures"), .training, of: [.train],
    "what to learn from: a folder of PNGs (searched with its folders), or a .npz with images, uint8 [N,H,W] or [N,H,W,C], and perhaps labels"
  ) { o, value, _ throws(UsageError) in o.training.data = value },
  OptionDefinition(
    "out", short: "o", .required(name: "RUN", example: "run"), .training, of: [.train],
    "the folder of the run, which is made: checkpoints, progress.csv and .jsonl, run.json, samples"
  ) { o, value, _ throws(UsageError) in o.run.folder = value },
  OptionDefinition(
    "resume", .required(name: "RUN", example: "run"), .training, of: [.train],
    "go on with this run from its last checkpoint, as if it had never stopped; other options change what it was begun with"
  ) { o, value, _ throws(UsageError) in o.run.resumed = value },
  OptionDefinition(
    "resume-checkpoint", .required(name: "FILE", example: "model010000.pt"), .training, of: [.train],
    "begin with the weights in this file, .pt or .safetensors, rather than with random ones"
  ) { o, value, _ throws(UsageError) in o.training.resumeCheckpoint = value.isEmpty ? nil : value },
  OptionDefinition(
    "steps", .required(name: "N", example: "100000"), .training, of: [.train],
    "steps to take in all; default: --lr-anneal-steps, or until it is interrupted"
  ) { o, value, name throws(UsageError) in o.training.steps = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "batch-size", .required(name: "N", example: "64"), .training, of: [.train],
    "pictures of a step; default 16 (the original's is 1, which nobody means)"
  ) { o, value, name throws(UsageError) in o.training.batchSize = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "microbatch", .required(name: "N", example: "16"), .training, of: [.train],
    "pictures at a time, which changes memory and speed; -1, the default, is the whole batch"
  ) { o, value, name throws(UsageError) in
    o.training.microbatch = value == "-1" ? nil : try wholeNumber(value, name, 1...1_000_000)
  },
  OptionDefinition(
    "lr", .required(name: "X", example: "1e-4"), .training, of: [.train], "the learning rate; default 1e-4"
  ) { o, value, name throws(UsageError) in o.training.learningRate = try number(value, name, from: 0) },
  OptionDefinition(
    "lr-anneal-steps", .required(name: "N", example: "100000"), .training, of: [.train],
    "steps over which the learning rate falls linearly to 0; 0, the default, is none"
  ) { o, value, name throws(UsageError) in
    let steps = try wholeNumber(value, name, 0...1_000_000_000)
    o.training.annealSteps = steps == 0 ? nil : steps
  },
  OptionDefinition(
    "warm-up", .required(name: "N", example: "500"), .training, of: [.train],
    "steps over which the learning rate rises linearly at first; default 0"
  ) { o, value, name throws(UsageError) in o.training.warmUp = try wholeNumber(value, name, 0...1_000_000_000) },
  OptionDefinition(
    "weight-decay", .required(name: "X", example: "0.01"), .training, of: [.train], "AdamW's; default 0"
  ) { o, value, name throws(UsageError) in o.training.weightDecay = try number(value, name, from: 0) },
  OptionDefinition(
    "clip-gradients", .required(name: "X", example: "1"), .training, of: [.train],
    "bring the norm of the gradient down to X; default: leave it"
  ) { o, value, name throws(UsageError) in
    let norm = try number(value, name, from: 0)
    guard norm > 0 else { throw UsageError("--\(name): 0 would clip all; type for instance --\(name) 1") }
    o.training.clipGradients = norm
  },
  OptionDefinition(
    "ema-rate", .required(name: "LIST", example: "0.999,0.9999"), .training, of: [.train],
    "rates of moving averages of the weights, which draw better than they do; default 0.9999, for a classifier none"
  ) { o, value, name throws(UsageError) in
    var rates: [Double] = []
    for item in try list(value, name, example: "0.999,0.9999") {
      let rate = try share(item, name)
      if !rates.contains(rate) { rates.append(rate) }
    }
    o.training.emaRates = rates
  },
  OptionDefinition(
    "schedule-sampler", .required(name: "NAME", example: "uniform"), .training, of: [.train],
    words: ScheduleSamplerName.allCases.map(\.rawValue),
    "which steps of the process are visited: uniform, or loss-second-moment (large losses more often); default uniform"
  ) { o, value, name throws(UsageError) in o.training.scheduleSampler = try choice(value, name) },
  OptionDefinition(
    "null-class", .required(name: "P", example: "0.1"), .training, of: [.train],
    "with --class-cond: one class more, which stands for none, in place of this share of the labels, for sample --guidance"
  ) { o, value, name throws(UsageError) in
    o.training.nullClassProbability = try share(value, name)
  },
  OptionDefinition("flip", .boolean, .training, of: [.train], "mirror every other picture, at random; default False") {
    o, value, name throws(UsageError) in o.training.flip = try truth(value, name)
  },
  OptionDefinition(
    "dropout", .required(name: "X", example: "0.3"), .training, of: [.train],
    "the share of activations that are dropped in residual blocks; default 0"
  ) { o, value, name throws(UsageError) in
    o.training.dropout = try share(value, name)
  },
  OptionDefinition(
    "use-kl", .boolean, .training, of: [.train],
    "learn by the variational bound rather than by the squared error; default False"
  ) { o, value, name throws(UsageError) in o.training.useKL = try truth(value, name) },
  OptionDefinition(
    "rescale-learned-sigmas", .boolean, .training, of: [.train],
    "with --learn-sigma: scale the bound beside the squared error down by T/1000; default True"
  ) { o, value, name throws(UsageError) in o.training.rescaleLearnedSigmas = try truth(value, name) },
  OptionDefinition(
    "use-checkpoint", .boolean, .training, of: [.train],
    "compute activations anew in the backward pass: half the memory for a third more time; default False"
  ) { o, value, name throws(UsageError) in o.training.useCheckpoint = try truth(value, name) },
  OptionDefinition(
    "small-size", .required(name: "N", example: "64"), .training, of: [.train],
    "train a super-resolution model, for sample --low-res, which enlarges pictures of this size to --image-size"
  ) { o, value, name throws(UsageError) in o.training.smallSize = try wholeNumber(value, name, 1...65_536) },
  OptionDefinition(
    "classifier", .boolean, .training, of: [.train],
    "train a classifier of noisy pictures, for sample --classifier, rather than a model that draws; default False"
  ) { o, value, name throws(UsageError) in o.training.isClassifier = try truth(value, name) },
  OptionDefinition(
    "noised", .boolean, .training, of: [.train], "with --classifier: make pictures noisy; default True"
  ) { o, value, name throws(UsageError) in o.training.isNoised = try truth(value, name) },
  OptionDefinition(
    "seed", .required(name: "N", example: "1"), .training, of: [.train],
    "where first weights, order and noise come from; default 0"
  ) { o, value, name throws(UsageError) in o.training.seed = try seed(value, name) },
  OptionDefinition(
    "log-interval", .required(name: "N", example: "10"), .training, of: [.train],
    "steps from one row of the log to the next; default 10"
  ) { o, value, name throws(UsageError) in o.training.logInterval = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "save-interval", .required(name: "N", example: "10000"), .training, of: [.train],
    "steps from one checkpoint to the next; default 10000"
  ) { o, value, name throws(UsageError) in o.training.saveInterval = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "sample-interval", .required(name: "N", example: "1000"), .training, of: [.train],
    "steps from one sheet of drawn images to the next; default: none"
  ) { o, value, name throws(UsageError) in
    o.training.sampleInterval = try wholeNumber(value, name, 1...1_000_000_000)
  },
]

/// The flags of the model, with the defaults of the original's scripts where the help of `sample` has others.
let trainedModelOptions: [OptionDefinition] = modelFlagDefinitions(in: \.training.settings).compactMap { definition in
  let name = definition.names[0]
  guard name != "null-class" && name != "num-classes" else { return nil }
  return definition.moved(to: .architecture, of: [.train], trainedModelHelp[name] ?? definition.help)
}

private let trainedModelHelp = [
  "image-size": "width and height in pixels: others are cut and scaled to it; default 64",
  "in-channels": "1 for grey, 3 for colour; default 3",
  "num-channels": "the width that multipliers refer to; default 128",
  "num-res-blocks": "residual blocks for each level; default 2",
  "channel-mult": "width of each level; default: as the originals for 32, 64, 128, 256 and 512 pixels",
  "attention-resolutions": "image sizes at which there is attention; default 16,8",
  "learn-sigma": "predict the variance too; default False",
  "class-cond": "learn the classes of the pictures; default False",
  "use-scale-shift-norm": "the timestep embedding scales and shifts; default True",
  "resblock-updown": "residual blocks resample, as in guided-diffusion; default False",
  "rescale-timesteps": "timesteps run to 1000 however many steps there are; default True",
  "predict-xstart": "predict the image rather than the noise; default False",
  "sigma-small": "the fixed variance is the smaller of the two usual ones; default False",
  "diffusion-steps": "steps of the process; default 1000",
]

/// What `sample` has verbs for.
let printingOptions: [OptionDefinition] = [
  OptionDefinition(
    "completions", .required(name: "SHELL", example: "bash"), .general, of: [.train],
    words: Shell.allCases.map(\.rawValue), "print completions for bash, zsh or fish"
  ) { o, value, name throws(UsageError) in o.run.shell = try choice(value, name) },
  OptionDefinition("man", .none, .general, of: [.train], "print the manual page") {
    o, _, _ throws(UsageError) in o.run.wantsManPage = true
  },
]

/// What the original's scripts take besides.
let upstreamTrainingOptions: [OptionDefinition] = [
  OptionDefinition(
    "use-fp16", .boolean, .upstream, of: [.train], "changes nothing: this computes in float32"
  ) { o, value, name throws(UsageError) in o.run.wantsHalf = try truth(value, name) },
  OptionDefinition(
    "classifier-use-fp16", .boolean, .upstream, of: [.train], "changes nothing: this computes in float32"
  ) { o, value, name throws(UsageError) in o.run.wantsHalf = try truth(value, name) },
  classifierOption("iterations", .required(name: "N", example: "300000"), "--steps") {
    o, value, name throws(UsageError) in o.training.steps = try wholeNumber(value, name, 1...1_000_000_000)
  },
  classifierOption("anneal-lr", .boolean, "--lr-anneal-steps of all steps") { o, value, name throws(UsageError) in
    o.training.annealsOverAll = try truth(value, name)
  },
  classifierOption("classifier-width", .required(name: "N", example: "128"), "--num-channels") {
    o, value, name throws(UsageError) in o.training.settings.numChannels = try wholeNumber(value, name, 1...65_536)
  },
  classifierOption("classifier-depth", .required(name: "N", example: "2"), "--num-res-blocks") {
    o, value, name throws(UsageError) in o.training.settings.numResBlocks = try wholeNumber(value, name, 1...1024)
  },
  classifierOption(
    "classifier-attention-resolutions", .required(name: "LIST", example: "32,16,8"), "--attention-resolutions"
  ) { o, value, name throws(UsageError) in
    o.training.settings.attentionResolutions = try wholeNumbers(value, name, 1...65_536, example: "32,16,8")
  },
  classifierOption("classifier-use-scale-shift-norm", .boolean, "--use-scale-shift-norm") {
    o, value, name throws(UsageError) in o.training.settings.useScaleShiftNorm = try truth(value, name)
  },
  classifierOption("classifier-resblock-updown", .boolean, "--resblock-updown") {
    o, value, name throws(UsageError) in o.training.settings.resblockUpdown = try truth(value, name)
  },
  classifierOption("classifier-pool", .required(name: "NAME", example: "attention"), "attention is the only one") {
    _, value, name throws(UsageError) in
    guard value == "attention" else {
      throw UsageError("--\(name) \(value): classifiers are pooled by attention here; type --\(name) attention")
    }
  },
  OptionDefinition(
    "fp16-scale-growth", .required(name: "X", example: "1e-3"), .upstream, of: [.train],
    "changes nothing: this computes in float32"
  ) { _, value, name throws(UsageError) in _ = try number(value, name, from: 0) },
  OptionDefinition(
    "timestep-respacing", .required(name: "SPEC", example: "250"), .upstream, of: [.train],
    "is for drawing: training takes only an empty one"
  ) { _, value, name throws(UsageError) in
    guard value.isEmpty else {
      throw UsageError("--\(name) \(value) spaces the steps of drawing; leave it out, and type it for sample")
    }
  },
]

/// A flag of `classifier_train.py`, with which a classifier is meant.
private func classifierOption(
  _ name: String, _ value: OptionDefinition.Value, _ help: String,
  enter: @escaping @Sendable (inout Options, String, String) throws(UsageError) -> Void
) -> OptionDefinition {
  OptionDefinition(name, value, .upstream, of: [.train], "--classifier, and \(help)") {
    o, value, name throws(UsageError) in
    o.training.isClassifier = true
    try enter(&o, value, name)
  }
}
