import DiffusionCore
import DiffusionFiles
import TensorCore

/// Everything needed to sample from a model or train it, besides its tensors: its task, its process, and how samplers
/// should treat it.
public struct ModelSpecification: Sendable {
  /// The task of a model.
  public enum Task: Sendable, Equatable {
    /// Generating images from noise.
    case denoising
    /// Generating images from noise and low-resolution versions of them.
    case superResolution
    /// Classifying noisy images.
    case classification
  }

  /// The code base, for instance `improved-diffusion`.
  public var family: String
  /// The network's class in that code base, for instance `UNetModel`.
  public var kind: String
  /// The model's task.
  public var task = Task.denoising
  /// The width and height of the images that the process works on, in pixels: pictures, or latents.
  public var imageSize: Int
  /// The channels of these images.
  public var imageChannels: Int
  /// What is known of the autoencoder whose latents these are; nil if they are pictures.
  public var autoencoder: AutoencoderFacts?
  /// The channels of the images that it draws from, beside its own; 0 if it draws from noise alone.
  public var conditionChannels = 0
  /// The number of spatial dimensions; images have 2.
  public var dimensions = 2
  /// The number of classes, including any null class; nil if the model is unconditional.
  public var classCount: Int?
  /// The label of the null class of a model trained for classifier-free guidance.
  public var nullClass: Int?
  /// The names of the classes, in order; there may be fewer than classes.
  public var classNames: [String] = []
  /// The process that the model was trained on.
  public var process: ProcessSpecification
  /// How x̂₀ is clipped at each step.
  public var clipping = Clipping.range(1)
  /// The spacing of sampler steps, if the file gives one.
  public var spacing: TimestepSpacing?
  /// Whether the file asks for Karras spacing of the samplers that have it in diffusers, in place of `spacing`.
  public var usesKarrasSigmas = false
  /// The sampler of the file's scheduler, where that is its process's usual one; nil if there is none.
  public var recommendedSampler: String?
  /// The guidance scale that its publishers recommend for visual quality.
  public var recommendedGuidance: Double?
  /// How the code base's samplers differ from the original's.
  public var conventions = SamplingConventions()
  /// The resolved settings and their sources.
  public var settings: [ResolvedSetting] = []
  /// Settings in the file that samplers do not follow: images are drawn otherwise than there.
  public var unfollowed: [ResolvedSetting] = []
  /// What the file holds but is not used, a phrase each.
  public var remarks: [String] = []
  /// All settings, as a sidecar file would give them.
  public var description = ModelDescription()
  /// The name of the published model with exactly these shapes, if there is one.
  public var published: String?

  /// Creates the specification of an unconditional denoiser of images; set properties for anything else.
  public init(family: String, kind: String, imageSize: Int, imageChannels: Int, process: ProcessSpecification) {
    (self.family, self.kind, self.imageSize, self.imageChannels) = (family, kind, imageSize, imageChannels)
    self.process = process
  }

  /// The classes that can be sampled: all but the null class.
  public var drawableClasses: [Int] { (0..<(classCount ?? 0)).filter { $0 != nullClass } }

  /// The name of a class, or its number if it has none.
  public func name(ofClass label: Int) -> String { label < classNames.count ? classNames[label] : "\(label)" }

  /// Grey images to draw `count` images from, to time or count a pass: `[count, C', H, W]`; nil for a model that draws
  /// from noise alone.
  public func emptyCondition(_ count: Int) -> Tensor? {
    conditionChannels == 0 ? nil : Tensor(zeros: [count, conditionChannels, imageSize, imageSize])
  }

  /// Whether `DenoiserCheck` can tell anything of it: its network is told timesteps, or levels, and draws pictures, not
  /// latents, from no others that would have to fit.
  public var canBeChecked: Bool {
    conditionChannels == 0 && process.conditioning == .timestep && autoencoder == nil
  }

  /// The shape of one image that the process works on: `[C, H, W]`.
  public var imageShape: [Int] { [imageChannels, imageSize, imageSize] }
}

/// How a code base's samplers differ from the original's for the same model.
public struct SamplingConventions: Sendable, Equatable {
  /// Whether DDIM takes the network's own ε, as in diffusers, or recomputes it from the clipped x̂₀, as in the
  /// original.
  public var keepsEpsilon = false
  /// Whether noise that a step multiplies by zero is still drawn from PyTorch's stream, as in the original's loops.
  public var drawsUnusedNoise = true
  /// Whether steps are spaced as diffusers' schedulers space them if the file names no spacing, and samplers start as
  /// theirs do.
  public var spacesAsSchedulers = false
  /// Whether each image has a stream of PyTorch's of its own, seeded with the image's number, of which its noise is
  /// drawn and then its class, as in EDM's `generate.py`; in the original's loops, one stream draws whole batches.
  public var drawsImagesApart = false
  /// Whether the middle of the pixels' range is 128, as in EDM's `generate.py`, not 127.5.
  public var roundsPixels = false
  /// Whether its networks complete the images that they draw from where a mask says so (Palette).
  public var completesConditions = false
  /// Which levels the samplers' steps lead to.
  public var levels = LevelOptions()
  /// The timesteps that DDIM visits.
  public var ddimGrid = TimestepGrid.original
  /// η of DDIM if the user says none.
  public var ddimEta = 0.0
  /// Whether DDPM takes all of the process's steps unless fewer are asked for.
  public var ddpmTakesAllSteps = false
  /// What is done against the saturation of classifier-free guidance; nil for nothing.
  public var guidanceRescaling: GuidanceRescaling?
  /// The noise that EDM's samplers add before each step if the user says none.
  public var churn: Churn?
  /// The steps of a process with continuous levels if the user says none; nil for those of its paper.
  public var continuousSteps: Int?
  /// Whether the network knows images in 0 to 1, not in -1 to 1.
  public var imagesFromZero = false

  /// The original's conventions.
  public init() {}
}
