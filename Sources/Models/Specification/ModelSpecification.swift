import DiffusionCore
import DiffusionFiles

/// All that must be known of a model besides its tensors, for drawing and for training: what it draws, on which process, and how samplers
/// are to treat it.
public struct ModelSpecification: Sendable {
  /// What a model is for.
  public enum Task: Sendable, Equatable {
    /// Drawing pictures from noise.
    case denoising
    /// Drawing pictures from noise and smaller versions of them.
    case superResolution
    /// Saying what noisy pictures show.
    case classification
  }

  /// The code base, for instance `improved-diffusion`.
  public var family: String
  /// The network's class there, for instance `UNetModel`.
  public var kind: String
  /// What it is for.
  public var task = Task.denoising
  /// Width and height of the pictures, in pixels.
  public var imageSize: Int
  /// Channels of the pictures.
  public var imageChannels: Int
  /// Spatial dimensions; pictures have 2.
  public var dimensions = 2
  /// The classes that it was trained on, the one that stands for none among them; nil if it knows none.
  public var classCount: Int?
  /// The class that stands for none, of a model trained for classifier-free guidance.
  public var nullClass: Int?
  /// What the classes are called, in order, as far as they are called something.
  public var classNames: [String] = []
  /// The process that it was trained on.
  public var process: ProcessSpecification
  /// Whether the predicted picture is clipped to [-1, 1] at each step.
  public var clipDenoised = true
  /// How the steps of samplers are spread, where the file says so.
  public var spacing: TimestepSpacing?
  /// The scale of classifier-free guidance that its makers recommend for looks.
  public var recommendedGuidance: Double?
  /// How its code base's samplers differ from the original's.
  public var conventions = SamplingConventions()
  /// What has been resolved, and from where.
  public var settings: [ResolvedSetting] = []
  /// All of it, as a file beside the model would say it.
  public var description = ModelDescription()
  /// The published model of just these shapes, if there is one.
  public var published: String?

  /// A denoiser of pictures without classes; the properties say what else it may be.
  public init(family: String, kind: String, imageSize: Int, imageChannels: Int, process: ProcessSpecification) {
    (self.family, self.kind, self.imageSize, self.imageChannels) = (family, kind, imageSize, imageChannels)
    self.process = process
  }

  /// The classes that can be drawn: all but the one that stands for none.
  public var drawableClasses: [Int] { (0..<(classCount ?? 0)).filter { $0 != nullClass } }

  /// What a class is called, or its number.
  public func name(ofClass label: Int) -> String { label < classNames.count ? classNames[label] : "\(label)" }

  /// The shape of one picture: `[C, H, W]`.
  public var imageShape: [Int] { [imageChannels, imageSize, imageSize] }
}

/// How a code base's samplers differ from those of the original where both draw the same model.
public struct SamplingConventions: Sendable, Equatable {
  /// Whether DDIM takes ε as the network says it, as in diffusers, or derives it anew from x₀ after clipping, as in the original.
  public var keepsEpsilon = false
  /// Whether noise that a step multiplies by zero is drawn from PyTorch's stream all the same, as in the original's loops.
  public var drawsUnusedNoise = true

  /// Those of the original.
  public init() {}
}
