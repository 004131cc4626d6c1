import DiffusionCore
import DiffusionModels

/// All that is asked for when images are drawn, independent of where they go. What is nil was not asked for: the model says, or there is a
/// default. The names in JSON are those of the options of the command line, with underscores.
///
/// An image depends on the model, the request and its own index alone: not on `count`, `batch`, `shard` or the number of threads (but where
/// `noiseStream` is `.torch`).
public struct SamplingRequest: Sendable, Equatable {
  /// A checkpoint's path; nil is the embedded model.
  public var model: String?
  /// What is said of the model where its file does not say it.
  public var settings = StatedSettings()
  /// What images are drawn from.
  public var source = Source.noise

  /// How many images, ≥ 1.
  public var count = 1
  /// The indices of the images, ≥ 0, in place of 0 to `count` - 1.
  public var index: ClosedRange<Int>?
  /// Only those of these images that belong to a part of the run.
  public var shard: Shard?
  /// Images at a time, ≥ 1; chosen if nil.
  public var batch: Int?
  /// Where noise and classes start from; drawn if nil.
  public var seed: UInt64?
  /// The classes to draw, taken in turn; drawn from the seed if nil.
  public var classes: [ClassSelection]?

  /// The sampler's name in the table; `defaultSampler` if nil.
  public var sampler: String?
  /// Denoising steps, ≥ 1; the sampler's default if nil and neither `respacing` nor `timesteps` is given.
  public var steps: Int?
  /// The original's `timestep_respacing`: `250`, `10,15,20`, `ddim50`.
  public var respacing: String?
  /// Timesteps of the model's process, the highest first.
  public var timesteps: [Int]?
  /// How `steps` are spread over the process.
  public var spacing: TimestepSpacing?
  /// DDIM's η ≥ 0 (Song et al. 2021, eq. 16); 0 if nil.
  public var eta: Double?
  /// Whether the predicted picture is clipped to [-1, 1] at each step; as the model says if nil.
  public var clipDenoised: Bool?
  /// Whose noise is drawn.
  public var noiseStream = NoiseStream.philox
  /// A `.npy` of x_T, float32 `[N, C, H, W]`.
  public var noise: String?

  /// The scale of classifier-free guidance (Ho & Salimans 2022); 1 is none.
  public var guidance: Double?
  /// The timesteps at which there is guidance; all if nil.
  public var guidanceInterval: ClosedRange<Int>?
  /// A classifier's checkpoint, whose gradient guides to the classes (Dhariwal & Nichol 2021, §4).
  public var classifier: String?
  /// How much it counts for; 1 if nil.
  public var classifierScale: Double?

  /// A file of the smaller pictures that a super-resolution model enlarges.
  public var lowRes: String?
  /// A file of pictures to start from (Meng et al. 2022, "SDEdit").
  public var initImage: String?
  /// The fraction of the steps that are drawn from there, above 0, up to 1; 0.6 if nil, with a mask 1.
  public var strength: Double?
  /// A PNG that says what of these pictures is drawn anew (Lugmayr et al. 2022, "RePaint").
  public var mask: String?
  /// Steps that are drawn several times, ≥ 1; 10 if nil.
  public var jumpLength: Int?
  /// How many times they are drawn, ≥ 1; 3 if nil.
  public var jumpCount: Int?

  /// One image with the defaults, or with what is given here; the properties say what else can be asked for.
  public init(
    count: Int = 1, steps: Int? = nil, sampler: String? = nil, seed: UInt64? = nil, classes: [ClassSelection]? = nil,
    guidance: Double? = nil
  ) {
    (self.count, self.steps, self.sampler, self.seed) = (count, steps, sampler, seed)
    (self.classes, self.guidance) = (classes, guidance)
  }

  /// The sampler that draws where none is named: the one that the other settings belong to, or else UniPC, which comes nearest in few steps
  /// (the table in the documentation).
  public var defaultSampler: String { eta != nil || respacing != nil || mask != nil ? "ddim" : "unipc" }

  /// What images are drawn from.
  public enum Source: Sendable, Equatable, Codable {
    /// Noise, or what `initImage` and `noise` say.
    case noise
    /// The noise that DDIM finds for given pictures, whose files are named here.
    case reconstruction(of: [String])
    /// Noises on the arc between two.
    case interpolation(InterpolationEnds, frames: Int)
  }

  /// A source of noise.
  public enum NoiseStream: String, Sendable, CaseIterable, Codable {
    /// A separate stream for each image (`PhiloxNoise`).
    case philox
    /// PyTorch's stream (`TorchNoise`), in which an image depends on its batch.
    case torch
  }
}

/// What an interpolation lies between.
public enum InterpolationEnds: Sendable, Equatable, Codable {
  /// The noises that two pictures are drawn from, by their files.
  case pictures(String, String)
  /// The noises of the first images of two seeds.
  case seeds(UInt64, UInt64)
}

/// One of several parts of a run: the images whose index, modulo `count`, is `number` - 1.
public struct Shard: Sendable, Equatable, Codable {
  /// 1 to `count`.
  public let number: Int
  /// At least 1.
  public let count: Int

  /// Part `number` of `count`.
  public init(number: Int, count: Int) {
    precondition(count >= 1 && (1...count).contains(number), "there is no part \(number) of \(count)")
    (self.number, self.count) = (number, count)
  }

  /// Reads a part, which there must be.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let (number, count) = (
      try container.decode(Int.self, forKey: .number), try container.decode(Int.self, forKey: .count)
    )
    guard count >= 1, (1...count).contains(number) else {
      throw DecodingError.dataCorruptedError(
        forKey: .number, in: container, debugDescription: "there is no part \(number) of \(count)")
    }
    (self.number, self.count) = (number, count)
  }
}
