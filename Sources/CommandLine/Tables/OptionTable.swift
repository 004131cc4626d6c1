import DiffusionCore
import DiffusionModels
import Sampling

/// All options, in the order of the help.
let optionTable: [OptionDefinition] =
  drawingOptions + pictureOptions + inversionOptions + trainingOptions + trainedModelOptions + measuringOptions
  + checkpointOptions + outputOptions + viewingOptions + generalOptions + printingOptions + modelOptions
  + comparedOptions
  + upstreamOptions + upstreamTrainingOptions

private let drawingOptions: [OptionDefinition] = [
  OptionDefinition(
    "model", .required(name: "FILE", example: "digits.pt"), .drawing, of: CommandName.running,
    "a checkpoint, .pt, .bin or .safetensors, or a folder of diffusers; default: the embedded model of handwritten digits"
  ) { o, value, _ throws(UsageError) in o.request.model = value },
  OptionDefinition(
    "steps", .required(name: "N", example: "50"), .drawing, of: CommandName.inversions.union([.draw]),
    "denoising steps, any from 1 to the model's own; default 20 with unipc, 50 with the others"
  ) { o, value, name throws(UsageError) in o.request.steps = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "sampler", .required(name: "NAME", example: "ddim"), .drawing, words: SamplerInfo.all.map(\.name),
    "the way from noise to image; --sampler help lists them; default unipc; ddim with --eta, --respacing or --mask"
  ) { o, value, name throws(UsageError) in
    if value == "help" { o.listsSamplers = true } else { o.request.sampler = try samplerName(value, name) }
  },
  OptionDefinition(
    "eta", .required(name: "X", example: "0.5"), .drawing,
    "ddim: how much of ddpm's noise to draw anew at each step, 0 none, 1 all; default 0"
  ) { o, value, name throws(UsageError) in o.request.eta = try number(value, name, from: 0) },
  OptionDefinition(
    "seed", .required(name: "N", example: "1"), .drawing, of: [.draw, .nll],
    "where noise and classes start from; the same seed gives the same images; default: drawn, and printed"
  ) { o, value, name throws(UsageError) in o.request.seed = try seed(value, name) },
  OptionDefinition(
    "count", short: "n", .required(name: "N", example: "10"), .drawing, "how many images; default 1"
  ) { o, value, name throws(UsageError) in o.request.count = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "index", .required(name: "K", example: "100-199"), .drawing,
    "in place of --count: the image of this number, or those from one to another; images are numbered from 0, and each depends on its number, not on how many are drawn"
  ) { o, value, name throws(UsageError) in o.request.index = try imageNumbers(value, name) },
  OptionDefinition(
    "class", .required(name: "LIST", example: "0-9"), .drawing,
    "what to draw: names, numbers and ranges (0-9,3) or all, taken in turn; default: drawn from the seed"
  ) { o, value, name throws(UsageError) in
    o.request.classes = try list(value, name, example: "0-9,3").map(ClassSelection.typed)
  },
  OptionDefinition(
    "guidance", .required(name: "S", example: "1.5"), .drawing, of: [.draw, .interpolate],
    "how strongly the class is insisted on: 1 as trained, above it clearer and less varied; default: what the model recommends, or 1"
  ) { o, value, name throws(UsageError) in o.request.guidance = try number(value, name, from: nil) },
  OptionDefinition(
    "guidance-interval", .required(name: "RANGE", example: "100-700"), .drawing,
    "guide at these timesteps of the model's process only, and save the second pass elsewhere; default: all"
  ) { o, value, name throws(UsageError) in o.request.guidanceInterval = try timestepRange(value, name) },
  OptionDefinition(
    "classifier", alias: "classifier-path", .required(name: "FILE", example: "classifier.pt"), .drawing,
    "a classifier of noisy pictures (guided-diffusion's EncoderUNetModel) whose gradient leads to the classes, also for a model that has none"
  ) { o, value, _ throws(UsageError) in o.request.classifier = value },
  OptionDefinition(
    "classifier-scale", .required(name: "S", example: "1.0"), .drawing,
    "how much the classifier counts for; default 1"
  ) { o, value, name throws(UsageError) in o.request.classifierScale = try number(value, name, from: 0) },
  OptionDefinition(
    "batch", .required(name: "N", example: "16"), .drawing, of: CommandName.inversions.union([.draw, .nll]),
    "how many images at a time, which changes speed and memory but not the images; default: chosen"
  ) { o, value, name throws(UsageError) in o.request.batch = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "noise", .required(name: "FILE", example: "noise.npy"), .drawing,
    "start from this noise, a .npy of float32 [N,C,H,W], in place of drawn noise"
  ) { o, value, _ throws(UsageError) in o.request.noise = value },
  OptionDefinition(
    "low-res", .required(name: "FILE", example: "small.png"), .drawing,
    "for a super-resolution model: the pictures to enlarge, a .png, a .npz as sample writes it, or a .npy of float32 [N,C,h,w] in -1 to 1"
  ) { o, value, _ throws(UsageError) in o.request.lowRes = value },
  OptionDefinition(
    "rng", .required(name: "NAME", example: "torch"), .drawing, of: [.draw, .nll],
    words: SamplingRequest.NoiseStream.allCases.map(\.rawValue),
    "philox (a separate stream per image) or torch (the stream of torch.manual_seed, drawn for a whole batch as the original's loops do; --batch is part of it); default philox"
  ) { o, value, name throws(UsageError) in o.request.noiseStream = try choice(value, name) },
  OptionDefinition(
    "respacing", .required(name: "SPEC", example: "250"), .drawing, of: CommandName.inversions.union([.draw, .nll]),
    "in place of --steps: 250, or a number for each section of the process (10,15,20), or ddim50"
  ) { o, value, _ throws(UsageError) in o.request.respacing = value.isEmpty ? nil : value },
  OptionDefinition(
    "spacing", .required(name: "NAME", example: "trailing"), .drawing, of: CommandName.inversions.union([.draw]),
    words: TimestepSpacing.allCases.map(\.rawValue),
    "how the steps are spread over the process: leading (even strides from 0), trailing (even strides from the noisiest), linspace (from end to end) or karras (finer towards the end); default: what the model's file says, else the sampler's own"
  ) { o, value, name throws(UsageError) in o.request.spacing = try choice(value, name) },
  OptionDefinition(
    "timesteps", .required(name: "LIST", example: "999,700,400,100"), .drawing,
    of: CommandName.inversions.union([.draw, .nll]),
    "in place of --steps: these timesteps of the model's process, the highest first"
  ) { o, value, name throws(UsageError) in
    o.request.timesteps = try wholeNumbers(value, name, 0...999_999, example: "999,700,400,100")
    if let timesteps = o.request.timesteps, !zip(timesteps, timesteps.dropFirst()).allSatisfy({ $0 > $1 }) {
      throw UsageError(
        "--timesteps: each must be less than the one before; type for instance --timesteps 999,700,400,100")
    }
  },
  OptionDefinition(
    "no-clip", .none, .drawing, of: CommandName.inversions.union([.draw, .nll]),
    "do not clip the predicted image to the range of pixels at each step"
  ) { o, _, _ throws(UsageError) in o.request.clipDenoised = false },
]

private let generalOptions: [OptionDefinition] = [
  OptionDefinition(
    "threads", .required(name: "N", example: "2"), .general, of: CommandName.running.union([.train]),
    "how many threads; default: the physical cores"
  ) {
    o, value, name throws(UsageError) in o.threads = try wholeNumber(value, name, 1...1024)
  },
  OptionDefinition(
    "progress", .required(name: "WHEN", example: "plain"), .general, of: CommandName.reportingProgress,
    words: ProgressName.allCases.map(\.rawValue),
    "auto (a bar on a terminal), bar, plain (a line now and then) or none; default auto"
  ) { o, value, name throws(UsageError) in o.progress = try choice(value, name) },
  OptionDefinition("quiet", short: "q", .none, .general, of: CommandName.reportingProgress, "say nothing but errors") {
    o, _, _ throws(UsageError) in o.quiet = true
  },
  OptionDefinition("help", short: "h", .none, .general, of: Set(CommandName.allCases), "print this help") {
    _, _, _ throws(UsageError) in
  },
  OptionDefinition("version", .none, .general, of: [.draw, .train], "print the version") { _, _, _ throws(UsageError) in
  },
]
