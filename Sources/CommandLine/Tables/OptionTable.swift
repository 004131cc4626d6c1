/// What the program can be told to do; all but drawing have a verb, `sample bench`.
public enum CommandName: String, Sendable, CaseIterable {
  /// Draw images.
  case draw
  /// Measure the network's speed.
  case bench
  /// Say what a checkpoint is.
  case inspect
  /// Write a checkpoint as another kind of file.
  case convert
  /// Draw an image again and say whether it comes out the same.
  case reproduce
  /// Print what an image says of itself.
  case show
  /// Write the noise that pictures are drawn from.
  case encode
  /// Draw pictures again from that noise.
  case reconstruct
  /// Draw what lies between two noises.
  case interpolate
  /// Measure how probable pictures are.
  case nll
  /// Print completions for a shell.
  case completions
  /// Print the manual page.
  case man
  /// Train a model: a program of its own.
  case train

  /// Those that draw with a network, or need to know how it would be drawn with.
  static let takingModelFlags: Set<CommandName> = inversions.union([.draw, .bench, .inspect, .convert, .nll])
  /// Those that run a network.
  static let running: Set<CommandName> = inversions.union([.draw, .bench, .reproduce, .nll])
  /// Those that say how far they are.
  static let reportingProgress: Set<CommandName> = inversions.union([.draw, .train, .nll])

  /// The words that follow the verb, as the help shows them.
  var operands: [String] {
    switch self {
    case .draw, .bench, .man, .train: []
    case .inspect: ["FILE"]
    case .convert: ["IN", "OUT"]
    case .reproduce, .show: ["IMAGE.png"]
    case .encode, .reconstruct, .nll: ["IMAGE..."]
    case .interpolate: ["A.png", "B.png"]
    case .completions: ["SHELL"]
    }
  }
}

/// One option: what parsing, help and suggestions are made of.
struct OptionDefinition: Sendable {
  /// Whether and how a value follows.
  enum Value: Sendable {
    /// None.
    case none
    /// One, called so in the help; the example is what an error tells to type.
    case required(name: String, example: String)
    /// True or False, or nothing for True.
    case boolean
    /// A whole number, or nothing.
    case optionalNumber(name: String)
  }

  enum Group: String, Sendable, CaseIterable {
    case drawing = "Drawing"
    case training = "Training"
    case architecture = "The model and its process"
    case measuring = "Measuring"
    case converting = "Checkpoints"
    case output = "Output"
    case general = "General"
    case model = "What the model is, where its file does not say"
    case visible = "Read off its tensors: a flag that says otherwise is an error"
    case upstream = "Spellings of the original's scripts"
  }

  /// Without hyphens in front; the first is the one the help shows.
  let names: [String]
  let short: Character?
  let value: Value
  private(set) var group: Group
  /// The commands it belongs to.
  private(set) var commands: Set<CommandName>
  /// The values there are, if they are few words.
  let words: [String]
  private(set) var help: String
  /// Enters the value, already known to be there if it is required.
  let apply: @Sendable (_ options: inout Options, _ value: String, _ name: String) throws(UsageError) -> Void

  init(
    _ name: String, alias: String? = nil, short: Character? = nil, _ value: Value, _ group: Group,
    of commands: Set<CommandName> = [.draw], words: [String] = [], _ help: String,
    apply: @escaping @Sendable (inout Options, String, String) throws(UsageError) -> Void
  ) {
    names = [name] + (alias.map { [$0] } ?? [])
    self.short = short
    self.value = value
    self.group = group
    self.commands = commands
    self.words = words
    self.help = help
    self.apply = apply
  }

  func belonging(to commands: Set<CommandName>) -> OptionDefinition {
    var definition = self
    definition.commands = commands
    return definition
  }

  /// The same in another group, with another help.
  func moved(to group: Group, of commands: Set<CommandName>, _ help: String) -> OptionDefinition {
    var definition = belonging(to: commands)
    definition.group = group
    definition.help = help
    return definition
  }
}

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
  ) { o, value, _ throws(UsageError) in o.model = value },
  OptionDefinition(
    "steps", .required(name: "N", example: "50"), .drawing, of: CommandName.inversions.union([.draw]),
    "denoising steps, any from 1 to the model's own; default 20 with unipc, 50 with the others"
  ) { o, value, name throws(UsageError) in o.steps = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "sampler", .required(name: "NAME", example: "ddim"), .drawing, words: SamplerName.allCases.map(\.rawValue),
    "the way from noise to image; --sampler help lists them; default unipc; ddim with --eta, --respacing or --mask"
  ) { o, value, name throws(UsageError) in
    if value == "help" { o.listsSamplers = true } else { o.sampler = try choice(value, name) }
  },
  OptionDefinition(
    "eta", .required(name: "X", example: "0.5"), .drawing,
    "ddim: how much of ddpm's noise to draw anew at each step, 0 none, 1 all; default 0"
  ) { o, value, name throws(UsageError) in o.eta = try number(value, name, from: 0) },
  OptionDefinition(
    "seed", .required(name: "N", example: "1"), .drawing, of: [.draw, .nll],
    "where noise and classes start from; the same seed gives the same images; default: drawn, and printed"
  ) { o, value, name throws(UsageError) in o.seed = try seed(value, name) },
  OptionDefinition(
    "count", short: "n", .required(name: "N", example: "10"), .drawing, "how many images; default 1"
  ) { o, value, name throws(UsageError) in o.count = try wholeNumber(value, name, 1...1_000_000_000) },
  OptionDefinition(
    "index", .required(name: "K", example: "100-199"), .drawing,
    "in place of --count: the image of this number, or those from one to another; images are numbered from 0, and each depends on its number, not on how many are drawn"
  ) { o, value, name throws(UsageError) in o.index = try imageNumbers(value, name) },
  OptionDefinition(
    "class", .required(name: "LIST", example: "0-9"), .drawing,
    "what to draw: names, numbers and ranges (0-9,3) or all, taken in turn; default: drawn from the seed"
  ) { o, value, name throws(UsageError) in o.classes = try list(value, name, example: "0-9,3") },
  OptionDefinition(
    "guidance", .required(name: "S", example: "1.5"), .drawing, of: [.draw, .interpolate],
    "how strongly the class is insisted on: 1 as trained, above it clearer and less varied; default: what the model recommends, or 1"
  ) { o, value, name throws(UsageError) in o.guidance = try number(value, name, from: nil) },
  OptionDefinition(
    "guidance-interval", .required(name: "RANGE", example: "100-700"), .drawing,
    "guide at these timesteps of the model's process only, and save the second pass elsewhere; default: all"
  ) { o, value, name throws(UsageError) in o.guidanceInterval = try timestepRange(value, name) },
  OptionDefinition(
    "classifier", alias: "classifier-path", .required(name: "FILE", example: "classifier.pt"), .drawing,
    "a classifier of noisy pictures (guided-diffusion's EncoderUNetModel) whose gradient leads to the classes, also for a model that has none"
  ) { o, value, _ throws(UsageError) in o.classifier = value },
  OptionDefinition(
    "classifier-scale", .required(name: "S", example: "1.0"), .drawing,
    "how much the classifier counts for; default 1"
  ) { o, value, name throws(UsageError) in o.classifierScale = try number(value, name, from: 0) },
  OptionDefinition(
    "batch", .required(name: "N", example: "16"), .drawing, of: CommandName.inversions.union([.draw, .nll]),
    "how many images at a time, which changes speed and memory but not the images; default: chosen"
  ) { o, value, name throws(UsageError) in o.batch = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "noise", .required(name: "FILE", example: "noise.npy"), .drawing,
    "start from this noise, a .npy of float32 [N,C,H,W], in place of drawn noise"
  ) { o, value, _ throws(UsageError) in o.noise = value },
  OptionDefinition(
    "low-res", .required(name: "FILE", example: "small.png"), .drawing,
    "for a super-resolution model: the pictures to enlarge, a .png, a .npz as sample writes it, or a .npy of float32 [N,C,h,w] in -1 to 1"
  ) { o, value, _ throws(UsageError) in o.lowRes = value },
  OptionDefinition(
    "rng", .required(name: "NAME", example: "torch"), .drawing, of: [.draw, .nll],
    words: RNGName.allCases.map(\.rawValue),
    "philox (an own stream for each image) or torch (the stream of torch.manual_seed, drawn for a whole batch as the original's loops do; --batch is part of it); default philox"
  ) { o, value, name throws(UsageError) in o.rng = try choice(value, name) },
  OptionDefinition(
    "respacing", .required(name: "SPEC", example: "250"), .drawing, of: CommandName.inversions.union([.draw, .nll]),
    "in place of --steps: 250, or a number for each section of the process (10,15,20), or ddim50"
  ) { o, value, _ throws(UsageError) in o.respacing = value.isEmpty ? nil : value },
  OptionDefinition(
    "spacing", .required(name: "NAME", example: "trailing"), .drawing, of: CommandName.inversions.union([.draw]),
    words: SpacingName.allCases.map(\.rawValue),
    "how the steps are spread over the process: leading (even strides from 0), trailing (even strides from the noisiest), linspace (from end to end) or karras (finer towards the end); default: what the model's file says, else the sampler's own"
  ) { o, value, name throws(UsageError) in o.spacing = try choice(value, name) },
  OptionDefinition(
    "timesteps", .required(name: "LIST", example: "999,700,400,100"), .drawing,
    of: CommandName.inversions.union([.draw, .nll]),
    "in place of --steps: these timesteps of the model's process, the highest first"
  ) { o, value, name throws(UsageError) in
    o.timesteps = try wholeNumbers(value, name, 0...999_999, example: "999,700,400,100")
    if let timesteps = o.timesteps, !zip(timesteps, timesteps.dropFirst()).allSatisfy({ $0 > $1 }) {
      throw UsageError(
        "--timesteps: each must be less than the one before; type for instance --timesteps 999,700,400,100")
    }
  },
  OptionDefinition(
    "no-clip", .none, .drawing, of: CommandName.inversions.union([.draw, .nll]),
    "do not clip the predicted image to the range of pixels at each step"
  ) { o, _, _ throws(UsageError) in o.clipDenoised = false },
]

private let measuringOptions: [OptionDefinition] = [
  OptionDefinition(
    "batch", .required(name: "LIST", example: "1,16"), .measuring, of: [.bench],
    "how many images go through the network at a time, one measurement for each number; default 1,16"
  ) { o, value, name throws(UsageError) in
    o.bench.batches = try wholeNumbers(value, name, 1...1_000_000, example: "1,16")
  },
  OptionDefinition(
    "passes", .required(name: "N", example: "20"), .measuring, of: [.bench],
    "passes to time; the median counts; default: as many as two seconds take, but at least 5"
  ) { o, value, name throws(UsageError) in o.bench.passes = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "training", .none, .measuring, of: [.bench],
    "time steps of training rather than forward passes: forward, backward, AdamW and a moving average"
  ) { o, _, _ throws(UsageError) in o.bench.training = true },
  OptionDefinition(
    "use-checkpoint", .boolean, .measuring, of: [.bench],
    "with --training: compute the activations of blocks anew in the backward pass, which takes less memory; default False"
  ) { o, value, name throws(UsageError) in o.bench.useCheckpoint = try truth(value, name) },
  OptionDefinition("layers", .none, .measuring, of: [.bench], "say which layers the time goes to") {
    o, _, _ throws(UsageError) in o.bench.layers = true
  },
  OptionDefinition("json", .none, .measuring, of: [.bench], "print JSON rather than tables") {
    o, _, _ throws(UsageError) in o.json = true
  },
  OptionDefinition(
    "noise", .required(name: "FILE", example: "noise.npy"), .measuring, of: [.bench],
    "what to put through the network, a .npy of float32 [N,C,H,W], in place of drawn noise"
  ) { o, value, _ throws(UsageError) in o.noise = value },
  OptionDefinition(
    "out", short: "o", .required(name: "FILE", example: "y.npy"), .measuring, of: [.bench],
    "write what the network puts out, at the middle timestep, for the last batch: a .npy of float32 [N,C,H,W]"
  ) { o, value, _ throws(UsageError) in
    guard case .npy = try OutputDestination(value) else {
      throw UsageError("--out: sample bench writes arrays, not \(value); type --out y.npy")
    }
    o.bench.out = value
  },
]

private let checkpointOptions: [OptionDefinition] = [
  OptionDefinition("json", .none, .converting, of: [.inspect], "print JSON rather than words") {
    o, _, _ throws(UsageError) in o.json = true
  },
  OptionDefinition("half", .none, .converting, of: [.convert], "store float16: half the size, and hardly other images")
  {
    o, _, _ throws(UsageError) in o.half = true
  },
  OptionDefinition("overwrite", .none, .converting, of: [.convert], "replace files that exist") {
    o, _, _ throws(UsageError) in o.overwrite = true
  },
]

private let outputOptions: [OptionDefinition] = [
  OptionDefinition(
    "out", short: "o", .required(name: "PATH", example: "img.png"), .output, of: [.draw, .interpolate],
    "img.png; 'img-%05d.png' or a folder, for a file each; x.tar (PNGs); x.npz (pixels and labels, as the original writes them); x.npy (float32 [N,C,H,W]); - for a PNG to standard output; default sample.png"
  ) { o, value, _ throws(UsageError) in o.output = try OutputDestination(value) },
  OptionDefinition(
    "grid", .optionalNumber(name: "COLUMNS"), .output, of: CommandName.drawing,
    "all images on one sheet; default: as square as it can be"
  ) { o, value, name throws(UsageError) in
    o.grid = value.isEmpty ? .automatic : .columns(try wholeNumber(value, name, 1...100_000))
  },
  OptionDefinition(
    "scale", .required(name: "K", example: "4"), .output, of: CommandName.drawing,
    "enlarge each pixel to K by K, for viewing; default 1"
  ) { o, value, name throws(UsageError) in o.scale = try wholeNumber(value, name, 1...1024) },
  OptionDefinition(
    "overwrite", .none, .output, of: CommandName.drawing,
    "replace files that exist, when there is a file for each image"
  ) {
    o, _, _ throws(UsageError) in o.overwrite = true
  },
  OptionDefinition(
    "resume", .none, .output,
    "keep the files that are there already and whole, and draw the others: to go on after an interruption"
  ) { o, _, _ throws(UsageError) in o.resume = true },
  OptionDefinition(
    "shard", .required(name: "I/N", example: "1/4"), .output,
    "of all images, those of part I of N: for several machines, each with a number of its own"
  ) { o, value, name throws(UsageError) in o.shard = try shard(value, name) },
  OptionDefinition(
    "no-metadata", .none, .output, of: CommandName.drawing, "do not write into the images what drew them"
  ) {
    o, _, _ throws(UsageError) in o.metadata = false
  },
  OptionDefinition(
    "log", .required(name: "FILE", example: "run.jsonl"), .output,
    "add a line of JSON for each image: file, number, seed, class, time"
  ) { o, value, _ throws(UsageError) in o.log = value },
  OptionDefinition(
    "dry-run", .none, .output,
    "draw nothing; print the timesteps, the arithmetic, the memory and the time it would take"
  ) { o, _, _ throws(UsageError) in o.dryRun = true },
  OptionDefinition(
    "stats", .required(name: "FILE", example: "stats.json"), .output,
    "write figures about the run as JSON: times, GFLOP/s, memory, seed; - for standard output"
  ) { o, value, _ throws(UsageError) in o.stats = value },
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
