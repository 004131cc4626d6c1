import DiffusionCore
import DiffusionTraining

// Options of `train`, named as in the original where it has them.

let trainingOptions: [OptionDefinition] = [
  OptionDefinition(
    "data", alias: "data-dir", .required(name: "PATH", example: "pictures"), .training, of: [.train],
    """
    training images: a folder of PNGs and JPEGs (and its subfolders), \
    or a .npz with uint8 images [N,H,W] or [N,H,W,C] and optional labels
    """
  ) { o, value, _ throws(UsageError) in o.training.data = value },
  OptionDefinition(
    "out", short: "o", .required(name: "RUN", example: "run"), .training, of: [.train],
    "new folder for the run: checkpoints, progress.csv and .jsonl, run.json, samples"
  ) { o, value, _ throws(UsageError) in o.run.folder = value },
  OptionDefinition(
    "resume", .required(name: "RUN", example: "run"), .training, of: [.train],
    """
    continue this run from its last checkpoint, as if it had never stopped; \
    other options override those it was started with, except those of the model
    """
  ) { o, value, _ throws(UsageError) in o.run.resumed = value },
  OptionDefinition(
    "process", .required(name: "NAME", example: "flow"), .training, of: [.train], words: ["diffusion", "flow"],
    "diffusion, the default, or flow: conditional flow matching, as torchcfm learns it"
  ) { o, value, name throws(UsageError) in
    guard ["diffusion", "flow"].contains(value) else {
      throw UsageError("--\(name): \"\(value)\" is not learned here; type --\(name) diffusion or --\(name) flow")
    }
    o.training.settings.process = value
  },
  OptionDefinition(
    "resume-checkpoint", .required(name: "FILE", example: "model010000.pt"), .training, of: [.train],
    """
    start from the weights in this file, .pt or .safetensors, or in a folder that diffusers saved; model settings are \
    read off it, and from model010000.pt it continues at step 10000, with the optimizer and averages beside it
    """
  ) { o, value, _ throws(UsageError) in o.training.resumeCheckpoint = value.isEmpty ? nil : value },
  OptionDefinition(
    "distill", .required(name: "MODEL", example: "run"), .training, of: [.train],
    """
    turn this model, a checkpoint or the folder of a run, into a consistency model, which draws in one or two passes \
    (Easy Consistency Tuning)
    """
  ) { o, value, _ throws(UsageError) in o.training.distilled = value.isEmpty ? nil : value },
  OptionDefinition(
    "distill-stage", .required(name: "N", example: "1250"), .training, of: [.train],
    """
    with --distill: steps after which the gap between the two noise levels that are compared halves; default: an \
    eighth of --steps
    """
  ) { o, value, name throws(UsageError) in
    o.training.distillationStage = try wholeNumber(value, name, 1...1_000_000_000)
  },
  OptionDefinition(
    "steps", .required(name: "N", example: "100000"), .training, of: [.train],
    "total number of steps; default: --lr-anneal-steps, or until interrupted"
  ) { o, value, name throws(UsageError) in o.training.steps = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "batch-size", .required(name: "N", example: "64"), .training, of: [.train],
    "images per step; default 16 (in improved-diffusion 1)"
  ) { o, value, name throws(UsageError) in o.training.batchSize = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "microbatch", .required(name: "N", example: "16"), .training, of: [.train],
    "images per forward and backward pass, which affects memory and speed; default -1: the whole batch"
  ) { o, value, name throws(UsageError) in
    o.training.microbatch = value == "-1" ? nil : try wholeNumber(value, name, 1...1_000_000)
  },
  OptionDefinition(
    "lr", .required(name: "X", example: "1e-4"), .training, of: [.train], "learning rate; default 1e-4"
  ) { o, value, name throws(UsageError) in
    o.training.learningRate = try number(value, name, from: 0, example: "0.0001")
  },
  OptionDefinition(
    "lr-anneal-steps", .required(name: "N", example: "100000"), .training, of: [.train],
    "steps over which the learning rate falls linearly to 0; default 0: it stays constant"
  ) { o, value, name throws(UsageError) in
    let steps = try wholeNumber(value, name, 0...1_000_000_000)
    o.training.annealSteps = steps == 0 ? nil : steps
  },
  OptionDefinition(
    "warm-up", .required(name: "N", example: "500"), .training, of: [.train],
    "steps over which the learning rate first rises linearly; default 0"
  ) { o, value, name throws(UsageError) in o.training.warmUp = try wholeNumber(value, name, 0...1_000_000_000) },
  OptionDefinition(
    "weight-decay", .required(name: "X", example: "0.01"), .training, of: [.train], "weight decay of AdamW; default 0"
  ) { o, value, name throws(UsageError) in o.training.weightDecay = try number(value, name, from: 0, example: "0.01") },
  OptionDefinition(
    "clip-gradients", .required(name: "X", example: "1"), .training, of: [.train],
    "clip the norm of the gradient to X; default: no clipping"
  ) { o, value, name throws(UsageError) in
    let norm = try number(value, name, from: nil, example: "1")
    guard norm > 0 else {
      let fault = norm == 0 ? "would clip everything" : "is out of range"
      throw UsageError("--\(name): \(value) \(fault); type for instance --\(name) 1")
    }
    o.training.clipGradients = norm
  },
  OptionDefinition(
    "ema-rate", .required(name: "LIST", example: "0.999,0.9999"), .training, of: [.train],
    """
    rates of exponential moving averages of the weights, which draw better than the weights themselves; \
    default 0.9999, or none for a classifier
    """
  ) { o, value, name throws(UsageError) in
    var rates: [Double] = []
    for item in try list(value, name, example: "0.999,0.9999") {
      let rate = try share(item, name)
      if !rates.contains(rate) { rates.append(rate) }
    }
    o.training.emaRates = rates
  },
  OptionDefinition(
    "ema-warm-up", .boolean, .training, of: [.train],
    """
    step s, counted from 0, keeps min(rate, (1+s)/(10+s)) of an average, so that nothing of the random weights stays; \
    False: the rate alone, as in the original; default True
    """
  ) { o, value, name throws(UsageError) in o.training.emaWarmUp = try truth(value, name) },
  OptionDefinition(
    "schedule-sampler", .required(name: "NAME", example: "uniform"), .training, of: [.train],
    words: ScheduleSamplerName.allCases.map(\.rawValue),
    "how timesteps are drawn: uniform, or loss-second-moment (more often where the loss is large); default uniform"
  ) { o, value, name throws(UsageError) in o.training.scheduleSampler = try choice(value, name) },
  OptionDefinition(
    "null-class", .required(name: "P", example: "0.1"), .training, of: [.train],
    "with --class-cond: add a null class, which replaces this fraction of the labels, for sample --guidance"
  ) { o, value, name throws(UsageError) in
    o.training.nullClassProbability = try share(value, name)
  },
  OptionDefinition("flip", .boolean, .training, of: [.train], "mirror half of the images, at random; default False") {
    o, value, name throws(UsageError) in o.training.flip = try truth(value, name)
  },
  OptionDefinition(
    "optimal-transport", .boolean, .training, of: [.train],
    """
    with --process flow: pair the images and noise of each step so that their distances are least (minibatch optimal \
    transport), which straightens the flow; default False
    """
  ) { o, value, name throws(UsageError) in o.training.optimalTransport = try truth(value, name) },
  OptionDefinition(
    "dropout", .required(name: "X", example: "0.3"), .training, of: [.train],
    "dropout rate in residual blocks; default 0"
  ) { o, value, name throws(UsageError) in
    o.training.dropout = try share(value, name)
  },
  OptionDefinition(
    "use-kl", .boolean, .training, of: [.train],
    "train on the variational bound instead of the squared error; default False"
  ) { o, value, name throws(UsageError) in o.training.useKL = try truth(value, name) },
  OptionDefinition(
    "rescale-learned-sigmas", .boolean, .training, of: [.train],
    "with --learn-sigma: scale the variational bound, which is added to the squared error, by T/1000; default True"
  ) { o, value, name throws(UsageError) in o.training.rescaleLearnedSigmas = try truth(value, name) },
  OptionDefinition(
    "use-checkpoint", .boolean, .training, of: [.train],
    """
    recompute activations in the backward pass (gradient checkpointing): \
    half the memory for a third more time; default False
    """
  ) { o, value, name throws(UsageError) in o.training.useCheckpoint = try truth(value, name) },
  OptionDefinition(
    "small-size", .required(name: "N", example: "64"), .training, of: [.train],
    "train a super-resolution model, for sample --low-res, that enlarges images of this size to --image-size"
  ) { o, value, name throws(UsageError) in o.training.smallSize = try wholeNumber(value, name, 1...4096) },
  OptionDefinition(
    "classifier", .boolean, .training, of: [.train],
    "train a classifier of noisy images, for sample --classifier, instead of a diffusion model; default False"
  ) { o, value, name throws(UsageError) in o.training.isClassifier = try truth(value, name) },
  OptionDefinition(
    "noised", .boolean, .training, of: [.train], "with --classifier: add noise to the images; default True"
  ) { o, value, name throws(UsageError) in o.training.isNoised = try truth(value, name) },
  OptionDefinition(
    "seed", .required(name: "N", example: "1"), .training, of: [.train],
    "seed of the initial weights, the order of the images and the noise; default 0"
  ) { o, value, name throws(UsageError) in o.training.seed = try seed(value, name) },
  OptionDefinition(
    "log-interval", .required(name: "N", example: "10"), .training, of: [.train],
    "steps between rows of the log; default 10"
  ) { o, value, name throws(UsageError) in o.training.logInterval = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "save-interval", .required(name: "N", example: "10000"), .training, of: [.train],
    "steps between checkpoints; the last step and an interrupted one are saved too; default 10000"
  ) { o, value, name throws(UsageError) in o.training.saveInterval = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "keep", .required(name: "N", example: "3"), .training, of: [.train],
    "keep only the newest N checkpoints; default: all"
  ) { o, value, name throws(UsageError) in o.training.keep = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "sample-interval", .required(name: "N", example: "1000"), .training, of: [.train],
    "steps between sheets of sample images; default: none are drawn"
  ) { o, value, name throws(UsageError) in
    o.training.sampleInterval = try wholeNumber(value, name, 1...1_000_000_000)
  },
  OptionDefinition(
    "score-interval", .required(name: "N", example: "1000"), .training, of: [.train],
    "steps between scores of what the model draws, in the log; default 0: none"
  ) { o, value, name throws(UsageError) in
    let steps = try wholeNumber(value, name, 0...1_000_000_000)
    o.training.scoreInterval = steps == 0 ? nil : steps
    // A run that goes on without scores needs nothing for them.
    if steps == 0 { o.training.forgetScores() }
  },
  OptionDefinition(
    "score-count", .required(name: "N", example: "1000"), .training, of: [.train],
    "pictures that are drawn for a score; default 1000"
  ) { o, value, name throws(UsageError) in o.training.scoreCount = try wholeNumber(value, name, 4...1_000_000) },
  OptionDefinition(
    "features", .required(name: "FILE", example: "classifier.pt"), .training, of: [.train],
    "for scores: a classifier by whose features pictures are compared, as for sample score"
  ) { o, value, _ throws(UsageError) in o.training.features = value },
  OptionDefinition(
    "inception", .required(name: "FILE", example: "pt_inception-2015-12-05-6726825d.pth"), .training, of: [.train],
    "for scores: the weights of Inception, in place of --features"
  ) { o, value, _ throws(UsageError) in o.training.inception = value },
  OptionDefinition(
    "reference", .required(name: "PATH", example: "test.npz"), .training, of: [.train],
    "for scores: what pictures are compared with, as for sample score; default: the training images"
  ) { o, value, _ throws(UsageError) in o.training.reference = value },
]

/// The model flags, with the original scripts' defaults where the help of `sample` has none or others.
let trainedModelOptions: [OptionDefinition] = modelFlagDefinitions(in: \.training.settings).compactMap { definition in
  let name = definition.names[0]
  guard name != "null-class" && name != "num-classes" else { return nil }
  if name == "in-channels" { return trainedChannels }
  return definition.moved(to: .architecture, of: [.train], trainedModelHelp[name] ?? definition.help)
}

private let trainedChannels = OptionDefinition(
  "in-channels", .required(name: "N", example: "3"), .architecture, of: [.train],
  """
  1 for grey, 3 for colour, 2 or 4 for these with alpha; default: those of a .npz; of a folder 1 if all pictures are \
  grey, otherwise 3
  """
) { o, value, name throws(UsageError) in o.training.settings.inChannels = try wholeNumber(value, name, 1...4096) }

private let trainedModelHelp = [
  "image-size": "width and height in pixels, to which images are cropped and scaled; default 64",
  "num-channels": "base width, which --channel-mult multiplies; default 128",
  "num-res-blocks": "residual blocks per level; default 2",
  "channel-mult": """
  width of each level, as a multiple of --num-channels; \
  default: as in improved- and guided-diffusion for 32, 64, 128, 256 and 512 pixels
  """,
  "attention-resolutions": "resolutions at which there is attention; default 16,8",
  "learn-sigma": "also predict the variance; default False",
  "class-cond": "train a class-conditional model; default False",
  "use-scale-shift-norm": "the timestep embedding scales and shifts activations instead of being added; default True",
  "resblock-updown": "residual blocks do the up- and downsampling, as in guided-diffusion; default False",
  "rescale-timesteps": "give the network timesteps scaled to 1000, whatever --diffusion-steps is; default True",
  "predict-xstart": "predict the image instead of the noise; default False",
  "sigma-small": "use the posterior's variance as the fixed one, the smaller of the two usual choices; default False",
  "diffusion-steps": "number of diffusion steps; default 1000",
]

/// Options of `train` for what `sample` has commands for.
let printingOptions: [OptionDefinition] = [
  OptionDefinition(
    "completions", .required(name: "SHELL", example: "bash"), .general, of: [.train],
    words: Shell.allCases.map(\.rawValue), "print completions for bash, zsh or fish"
  ) { o, value, name throws(UsageError) in o.run.shell = try choice(value, name) },
  OptionDefinition("man", .none, .general, of: [.train], "print the manual page") {
    o, _, _ throws(UsageError) in o.run.wantsManPage = true
  },
]

/// Other flags of the original scripts.
let upstreamTrainingOptions: [OptionDefinition] = [
  OptionDefinition(
    "use-fp16", .boolean, .upstream, of: [.train], "no effect: everything is computed in float32"
  ) { o, value, name throws(UsageError) in o.run.wantsHalf = try truth(value, name) },
  OptionDefinition(
    "classifier-use-fp16", .boolean, .upstream, of: [.train], "no effect: everything is computed in float32"
  ) { o, value, name throws(UsageError) in o.run.wantsHalf = try truth(value, name) },
  classifierOption("iterations", .required(name: "N", example: "300000"), "same as --steps") {
    o, value, name throws(UsageError) in o.training.steps = try wholeNumber(value, name, 1...1_000_000_000)
  },
  classifierOption("anneal-lr", .boolean, "--lr-anneal-steps over all steps") { o, value, name throws(UsageError) in
    o.training.annealsOverAll = try truth(value, name)
  },
  classifierOption("classifier-width", .required(name: "N", example: "128"), "same as --num-channels") {
    o, value, name throws(UsageError) in o.training.settings.numChannels = try wholeNumber(value, name, 1...65_536)
  },
  classifierOption("classifier-depth", .required(name: "N", example: "2"), "same as --num-res-blocks") {
    o, value, name throws(UsageError) in o.training.settings.numResBlocks = try wholeNumber(value, name, 1...1024)
  },
  classifierOption(
    "classifier-attention-resolutions", .required(name: "LIST", example: "32,16,8"), "same as --attention-resolutions"
  ) { o, value, name throws(UsageError) in
    o.training.settings.attentionResolutions = try wholeNumbers(value, name, 1...65_536, example: "32,16,8")
  },
  classifierOption("classifier-use-scale-shift-norm", .boolean, "same as --use-scale-shift-norm") {
    o, value, name throws(UsageError) in o.training.settings.useScaleShiftNorm = try truth(value, name)
  },
  classifierOption("classifier-resblock-updown", .boolean, "same as --resblock-updown") {
    o, value, name throws(UsageError) in o.training.settings.resblockUpdown = try truth(value, name)
  },
  classifierOption("classifier-pool", .required(name: "NAME", example: "attention"), "must be attention") {
    _, value, name throws(UsageError) in
    guard value == "attention" else {
      throw UsageError("--\(name) \(value): classifiers are pooled by attention here; type --\(name) attention")
    }
  },
  OptionDefinition(
    "fp16-scale-growth", .required(name: "X", example: "1e-3"), .upstream, of: [.train],
    "no effect: everything is computed in float32"
  ) { _, value, name throws(UsageError) in _ = try number(value, name, from: 0) },
  OptionDefinition(
    "log-dir", .required(name: "RUN", example: "run"), .upstream, of: [.train],
    "same as --out, as in P2-weighting"
  ) { o, value, _ throws(UsageError) in o.run.folder = value },
  OptionDefinition(
    "global-batch-size", .required(name: "N", example: "64"), .upstream, of: [.train],
    "same as --batch-size, as in consistency_models"
  ) { o, value, name throws(UsageError) in o.training.batchSize = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "timestep-respacing", .required(name: "SPEC", example: "250"), .upstream, of: [.train],
    "for sampling; must be empty here"
  ) { _, value, name throws(UsageError) in
    guard value.isEmpty else {
      throw UsageError("--\(name) \(value) is for sampling; leave it out here, and type it after sample")
    }
  },
]

/// A flag of `classifier_train.py`; implies `--classifier`.
private func classifierOption(
  _ name: String, _ value: OptionDefinition.Value, _ help: String,
  enter: @escaping @Sendable (inout Options, String, String) throws(UsageError) -> Void
) -> OptionDefinition {
  OptionDefinition(name, value, .upstream, of: [.train], "implies --classifier; \(help)") {
    o, value, name throws(UsageError) in
    o.training.isClassifier = true
    try enter(&o, value, name)
  }
}
