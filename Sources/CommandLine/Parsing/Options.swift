/// What a command line asks for.
public enum Command: Sendable, Equatable {
  /// Draw images.
  case draw(Options)
  /// Measure the network's speed.
  case bench(Options)
  /// Say what a checkpoint is.
  case inspect(Options)
  /// Write a checkpoint as another kind of file.
  case convert(Options, to: CheckpointDestination)
  /// Draw an image again and compare.
  case reproduce(Options, image: String)
  /// Print what an image says of itself.
  case show(image: String)
  /// Write the noise that pictures are drawn from.
  case encode(Options, images: [String])
  /// Draw pictures again from that noise.
  case reconstruct(Options, images: [String])
  /// Draw what lies between two noises.
  case interpolate(Options, InterpolationEnds)
  /// Measure how probable pictures are.
  case nll(Options, images: [String])
  /// List the samplers.
  case samplers
  /// Print completions for a shell.
  case completions(Shell)
  /// Print the manual page.
  case man
  /// Print the help of a command.
  case help(CommandName)
  /// Print the version.
  case version
}

/// Everything that a drawing is asked to be. What is nil was not given: the model says, or there is a default.
public struct Options: Sendable, Equatable {
  /// A checkpoint; nil is the embedded model.
  public var model: String?
  /// Where the images go; `sample.png` if nil.
  public var output: OutputDestination?
  /// Denoising steps; the sampler's usual ones if nil and `respacing` is nil too.
  public var steps: Int?
  /// The sampler; `usualSampler` if nil.
  public var sampler: SamplerName?
  /// The share of noise that DDIM draws anew, ≥ 0; 0 if nil.
  public var eta: Double?
  /// Upstream's spacing of timesteps.
  public var respacing: String?
  /// How steps are spread over the process; the sampler's own way, or what the model's file says, if nil.
  public var spacing: SpacingName?
  /// Timesteps of the original process, the highest first.
  public var timesteps: [Int]?
  /// The seed; drawn if nil.
  public var seed: UInt64?
  /// Images, ≥ 1.
  public var count = 1
  /// The numbers of the images, ≥ 0, in place of 0 to `count` - 1.
  public var index: ClosedRange<Int>?
  /// Only those of these images that belong to a part of the run.
  public var shard: Shard?
  /// Whether images that are there already are kept.
  public var resume = false
  /// Images at a time, ≥ 1; chosen if nil.
  public var batch: Int?
  /// The classes to draw, as given: names, numbers, ranges.
  public var classes: [String]?
  /// The scale of classifier-free guidance.
  public var guidance: Double?
  /// The timesteps at which there is guidance; all if nil.
  public var guidanceInterval: ClosedRange<Int>?
  /// A classifier's checkpoint, which guides to the classes.
  public var classifier: String?
  /// How much it counts for; 1 if nil.
  public var classifierScale: Double?
  /// A file of the smaller pictures that a super-resolution model enlarges.
  public var lowRes: String?
  /// A file of the pictures to start from.
  public var initImage: String?
  /// The share of the steps that are drawn from there, above 0, up to 1; 0.6 if nil, with a mask 1.
  public var strength: Double?
  /// A PNG that says what of these pictures is drawn anew.
  public var mask: String?
  /// Steps that are drawn several times, ≥ 1; 10 if nil.
  public var jumpLength: Int?
  /// How many times they are drawn, ≥ 1; 3 if nil.
  public var jumpCount: Int?
  /// A file of x_T.
  public var noise: String?
  /// Where noise comes from.
  public var rng = RNGName.philox
  /// Whether the predicted picture is clipped.
  public var clipDenoised: Bool?
  /// One sheet of all images.
  public var grid: GridColumns?
  /// Enlargement, ≥ 1.
  public var scale = 1
  /// Where an animation of the denoising goes.
  public var frames: String?
  /// Where steps of the denoising go, side by side.
  public var strip: String?
  /// Whether the denoising is shown on the terminal.
  public var preview = false
  /// Threads, ≥ 1; the physical cores if nil.
  public var threads: Int?
  /// Whether files that exist may be replaced, where there is a file for each image or a checkpoint is written.
  public var overwrite = false
  /// Whether the images say what drew them.
  public var metadata = true
  /// Where a line for each image goes.
  public var log: String?
  /// Where figures about the run go.
  public var stats: String?
  /// No words on standard error but errors.
  public var quiet = false
  /// How progress is shown.
  public var progress: ProgressName?
  /// Whether to say what would be done, and do nothing.
  public var dryRun = false
  /// Whether the number of images was given as the original's scripts take it: without `output` images go where theirs do.
  public var isUpstreamRun = false
  /// Whether the samplers are to be listed.
  public var listsSamplers = false
  /// Whether timesteps were spaced as the original's scripts take it: without `sampler` it is theirs.
  public var isUpstreamRespacing = false
  /// What is said of the model.
  public var modelFlags = ModelFlags()
  /// The options that said it, as typed, by their names.
  public var modelWords: [String: String] = [:]
  /// Whether to print JSON rather than words.
  public var json = false
  /// Whether to store numbers as float16.
  public var half = false
  /// What `sample bench` is to measure.
  public var bench = BenchOptions()
  /// What the verbs about given pictures are to do.
  public var inversion = InversionOptions()
  /// What `train` is to do.
  public var training = TrainingOptions()

  /// The defaults.
  public init() {}

  /// The sampler that draws where none is named: what the other options belong to, or else UniPC, which comes nearest in few steps (the
  /// table in README.md).
  public var usualSampler: SamplerName {
    if isUpstreamRespacing { return .ddpm }
    return eta != nil || respacing != nil || mask != nil ? .ddim : .uniPC
  }
}

/// What `sample bench` is to measure.
public struct BenchOptions: Sendable, Equatable {
  /// Images at a time, ≥ 1, one measurement each.
  public var batches = [1, 16]
  /// Passes to time, ≥ 1; nil for as many as fit.
  public var passes: Int?
  /// Whether to say which layers the time goes to.
  public var layers = false
  /// Whether to time steps of training rather than forward passes.
  public var training = false
  /// Whether blocks compute their activations anew in the backward pass.
  public var useCheckpoint = false
  /// A `.npy` for what the network puts out.
  public var out: String?

  /// The defaults.
  public init() {}
}

/// One of several parts of a run: the images whose number, modulo `count`, is `number` - 1.
public struct Shard: Sendable, Equatable {
  /// 1 to `count`.
  public let number: Int
  /// At least 1.
  public let count: Int

  /// Part `number` of `count`.
  public init(number: Int, count: Int) {
    precondition(count >= 1 && (1...count).contains(number), "there is no part \(number) of \(count)")
    (self.number, self.count) = (number, count)
  }
}

/// What the command line says of the model; a file that knows better contradicts it.
public struct ModelFlags: Sendable, Equatable {
  /// Width and height in pixels.
  public var imageSize: Int?
  /// The width of the first level.
  public var numChannels: Int?
  /// Residual blocks per level.
  public var numResBlocks: Int?
  /// Multipliers of the width, one per level.
  public var channelMult: [Double]?
  /// Attention heads.
  public var numHeads: Int?
  /// Attention heads of the ascending half.
  public var numHeadsUpsample: Int?
  /// Channels of each attention head.
  public var numHeadChannels: Int?
  /// Whether q, k and v are packed for all heads together.
  public var useNewAttentionOrder: Bool?
  /// Whether residual blocks resample.
  public var resblockUpdown: Bool?
  /// The image resolutions (16, 8, …) at which there is attention.
  public var attentionResolutions: [Int]?
  /// Whether the variance is predicted.
  public var learnSigma: Bool?
  /// Whether the model is class-conditional.
  public var classCond: Bool?
  /// The number of classes.
  public var numClasses: Int?
  /// The class that stands for none.
  public var nullClass: Int?
  /// Whether the timestep embedding scales and shifts.
  public var useScaleShiftNorm: Bool?
  /// Channels of the images.
  public var inChannels: Int?
  /// T.
  public var diffusionSteps: Int?
  /// What T may be: far more than any paper's, and few enough that no file of a few bytes asks for a table of a megabyte.
  public static let diffusionStepsAllowed = 1...100_000
  /// linear or cosine.
  public var noiseSchedule: String?
  /// Whether timesteps run to 1000 whatever T is.
  public var rescaleTimesteps: Bool?
  /// Whether the model predicts the picture.
  public var predictXstart: Bool?
  /// Whether the fixed variance is the posterior's.
  public var sigmaSmall: Bool?

  /// Nothing said.
  public init() {}
}

/// A source of noise.
public enum RNGName: String, Sendable, CaseIterable {
  /// A stream of its own for each image.
  case philox
  /// PyTorch's stream.
  case torch
}

/// A way to show progress.
public enum ProgressName: String, Sendable, CaseIterable {
  /// A bar on a terminal, else nothing.
  case auto
  /// A bar.
  case bar
  /// A line now and then.
  case plain
  /// Nothing.
  case none
}

/// How wide a sheet is.
public enum GridColumns: Sendable, Equatable {
  /// As square as it can be.
  case automatic
  /// So many images in a row.
  case columns(Int)
}
