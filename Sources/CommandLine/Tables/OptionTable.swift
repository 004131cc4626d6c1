import DiffusionCore
import DiffusionModels
import Sampling

/// All options, in the help's order.
let optionTable: [OptionDefinition] = Array(optionGroups.joined())

private let optionGroups: [[OptionDefinition]] = [
  drawingOptions.map(\.alsoScored), pictureOptions.map(\.alsoScored), noiseOptions.map(\.alsoScored), inversionOptions,
  trainingOptions, dataOptions, trainedModelOptions, scoringOptions, measuringOptions, checkpointOptions, outputOptions,
  viewingOptions, generalOptions, printingOptions, modelOptions, comparedOptions, upstreamOptions,
  upstreamTrainingOptions,
]

private let drawingOptions: [OptionDefinition] = [
  OptionDefinition(
    "model", .required(name: "FILE", example: "digits.pt"), .drawing, of: CommandName.running,
    """
    a checkpoint (.pt, .pth, .ckpt, .bin, .pkl or .safetensors), a folder saved by diffusers, or the folder of a \
    training run; default: the embedded model of handwritten digits
    """
  ) { o, value, _ throws(UsageError) in o.request.model = value },
  OptionDefinition(
    "count", short: "n", .required(name: "N", example: "10"), .drawing, "number of images; default 1"
  ) { o, value, name throws(UsageError) in o.request.count = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "index", .required(name: "K", example: "100-199"), .drawing,
    """
    in place of --count: draw only image K, or a range (100-199); \
    images are numbered from 0, and each depends on its number, not on how many are drawn
    """
  ) { o, value, name throws(UsageError) in o.request.index = try imageNumbers(value, name) },
  OptionDefinition(
    "class", .required(name: "LIST", example: "0-9"), .drawing,
    "classes to draw, in turn: names, numbers and ranges (0-9,3), or all; default: random, from the seed"
  ) { o, value, name throws(UsageError) in
    o.request.classes = try list(value, name, example: "0-9,3").map(ClassSelection.typed)
  },
  OptionDefinition(
    "seed", .required(name: "N", example: "1"), .drawing, of: [.draw, .nll],
    "seed of the noise and of random classes; the same seed gives the same images; default: random, and printed"
  ) { o, value, name throws(UsageError) in o.request.seed = try seed(value, name) },
  OptionDefinition(
    "steps", .required(name: "N", example: "50"), .drawing, of: CommandName.inversions.union([.draw]),
    """
    denoising steps, at most the model's own; default 20 with unipc, 50 with the others; 18 for EDM models, 1 for \
    consistency models, all with pc
    """
  ) { o, value, name throws(UsageError) in o.request.steps = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "sampler", .required(name: "NAME", example: "ddim"), .drawing, words: SamplerInfo.all.map(\.name),
    """
    the sampler; --sampler help lists them; default unipc, or ddim with --eta, --respacing or --mask; heun for EDM \
    models, pc for score models, euler for flows, onestep for consistency models
    """
  ) { o, value, name throws(UsageError) in
    if value == "help" { o.listsSamplers = true } else { o.request.sampler = try samplerName(value, name) }
  },
  OptionDefinition(
    "eta", .required(name: "X", example: "0.5"), .drawing,
    "for ddim: how much noise to add at each step, from 0 (none) to 1 (as much as ddpm); default 0"
  ) { o, value, name throws(UsageError) in o.request.eta = try number(value, name, from: 0, example: "0.5") },
  OptionDefinition(
    "s-churn", .required(name: "X", example: "40"), .drawing,
    """
    for heun and dpm with EDM models: how much noise to add before the steps (S_churn in the paper), which corrects \
    errors of earlier ones; default 0
    """
  ) { o, value, name throws(UsageError) in o.request.churn = try number(value, name, from: 0) },
  OptionDefinition(
    "s-tmin", .required(name: "S", example: "0.05"), .drawing,
    "with --s-churn: the least noise level at which to add it"
  ) { o, value, name throws(UsageError) in o.request.churnMin = try number(value, name, from: 0) },
  OptionDefinition(
    "s-tmax", .required(name: "S", example: "50"), .drawing, "with --s-churn: the largest; default inf, no limit"
  ) { o, value, name throws(UsageError) in
    o.request.churnMax = value == "inf" ? nil : try number(value, name, from: 0)
  },
  OptionDefinition(
    "s-noise", .required(name: "X", example: "1.003"), .drawing,
    "with --s-churn: the standard deviation of that noise; default 1"
  ) { o, value, name throws(UsageError) in o.request.churnNoise = try number(value, name, from: 0) },
  OptionDefinition(
    "spacing", .required(name: "NAME", example: "trailing"), .drawing, of: CommandName.inversions.union([.draw]),
    words: TimestepSpacing.allCases.map(\.rawValue),
    """
    how the steps are spaced: leading (even strides from timestep 0), trailing (even strides from the noisiest), \
    linspace (evenly from end to end) or karras (finer towards the image); \
    default: the model file's, else the sampler's
    """
  ) { o, value, name throws(UsageError) in o.request.spacing = try choice(value, name) },
  OptionDefinition(
    "respacing", .required(name: "SPEC", example: "250"), .drawing, of: CommandName.inversions.union([.draw, .nll]),
    """
    in place of --steps, spaced as in improved-diffusion: \
    250 steps, a number for each section of the process (10,15,20), or ddim50; empty for all of the model's timesteps
    """
  ) { o, value, _ throws(UsageError) in o.request.respacing = value },
  OptionDefinition(
    "timesteps", .required(name: "LIST", example: "999,700,400,100"), .drawing,
    of: CommandName.inversions.union([.draw, .nll]),
    "in place of --steps: exactly these timesteps of the model, highest first"
  ) { o, value, name throws(UsageError) in
    o.request.timesteps = try wholeNumbers(value, name, 0...999_999, example: "999,700,400,100")
  },
  OptionDefinition(
    "sigmas", .required(name: "LIST", example: "80,24.4,5.84"), .drawing,
    "in place of --steps: exactly these noise levels, highest first, of a model that knows noise by its level"
  ) { o, value, name throws(UsageError) in o.request.sigmas = try numbers(value, name, example: "80,24.4,5.84") },
  OptionDefinition(
    "ts", .required(name: "LIST", example: "0,22,39"), .drawing,
    "a consistency model's levels to visit, by number; --steps, 40 if it is left out, says how many there are"
  ) { o, value, name throws(UsageError) in
    o.request.scales = try wholeNumbers(value, name, 0...999_999, example: "0,22,39")
  },
  OptionDefinition(
    "no-clip", .none, .drawing, of: CommandName.inversions.union([.draw, .nll]),
    "do not clip the predicted image to the pixel range at each step"
  ) { o, _, _ throws(UsageError) in o.request.clipDenoised = false },
  OptionDefinition(
    "guidance", .required(name: "S", example: "1.5"), .drawing, of: [.draw, .interpolate],
    """
    scale of classifier-free guidance: 1 is none, more makes images clearer but less varied; \
    default: what the model recommends, or 1
    """
  ) { o, value, name throws(UsageError) in o.request.guidance = try number(value, name, from: nil) },
  OptionDefinition(
    "guidance-interval", .required(name: "RANGE", example: "100-700"), .drawing,
    "use guidance only at these timesteps (100-700), which saves the second forward pass at the others; default: all"
  ) { o, value, name throws(UsageError) in o.request.guidanceInterval = try timestepRange(value, name) },
  OptionDefinition(
    "guide-model", .required(name: "FILE", example: "weak.pt"), .drawing, of: [.draw, .reproduce],
    """
    guide away from this smaller or less trained model of the same images, by --guidance, which needs no classes then; \
    1.7 to 2.9 in the paper
    """
  ) { o, value, _ throws(UsageError) in o.request.guideModel = value },
  OptionDefinition(
    "classifier", alias: "classifier-path", .required(name: "FILE", example: "classifier.pt"), .drawing,
    """
    guide towards the classes with this classifier of noisy images (guided-diffusion's EncoderUNetModel); \
    works for unconditional models too
    """
  ) { o, value, _ throws(UsageError) in o.request.classifier = value },
  OptionDefinition(
    "classifier-scale", .required(name: "S", example: "1.0"), .drawing,
    "scale of the classifier's gradient; default 1"
  ) { o, value, name throws(UsageError) in o.request.classifierScale = try number(value, name, from: 0) },
]

private let noiseOptions: [OptionDefinition] = [
  OptionDefinition(
    "noise", .required(name: "FILE", example: "noise.npy"), .drawing,
    "start from this noise, a .npy of float32 [N,C,H,W] with mean 0 and variance 1, instead of random noise"
  ) { o, value, _ throws(UsageError) in o.request.noise = value },
  OptionDefinition(
    "rng", .required(name: "NAME", example: "torch"), .drawing, of: [.draw, .nll],
    words: SamplingRequest.NoiseStream.allCases.map(\.rawValue),
    """
    random number generator: philox (a separate stream per image) or torch (PyTorch's, drawn for whole batches as in \
    improved-diffusion, so that images depend on --batch; for models of NVlabs/edm a stream per image, of --seed plus \
    its number, as in its generate.py); default philox
    """
  ) { o, value, name throws(UsageError) in o.request.noiseStream = try choice(value, name) },
  OptionDefinition(
    "batch", .required(name: "N", example: "16"), .drawing, of: CommandName.inversions.union([.draw, .nll]),
    "images per batch, which affects speed and memory but not the images; default: automatic"
  ) { o, value, name throws(UsageError) in o.request.batch = try wholeNumber(value, name, 1...1_000_000) },
]

private let generalOptions: [OptionDefinition] = [
  OptionDefinition(
    "threads", .required(name: "N", example: "2"), .general, of: CommandName.running.union([.train]),
    "number of threads; default: one per physical core"
  ) {
    o, value, name throws(UsageError) in o.threads = try wholeNumber(value, name, 1...1024)
  },
  OptionDefinition(
    "progress", .required(name: "WHEN", example: "plain"), .general, of: CommandName.reportingProgress,
    words: ProgressName.allCases.map(\.rawValue),
    """
    auto (a bar if on a terminal, else a line now and then), bar, plain (a line every few seconds) or none; default auto
    """
  ) { o, value, name throws(UsageError) in o.progress = try choice(value, name) },
  OptionDefinition("quiet", short: "q", .none, .general, of: CommandName.reportingProgress, "print nothing but errors")
  {
    o, _, _ throws(UsageError) in o.quiet = true
  },
  OptionDefinition("help", short: "h", .none, .general, of: Set(CommandName.allCases), "print this help") {
    _, _, _ throws(UsageError) in
  },
  OptionDefinition("version", .none, .general, of: [.draw, .train], "print the version") { _, _, _ throws(UsageError) in
  },
]
