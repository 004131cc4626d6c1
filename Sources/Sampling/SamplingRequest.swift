import DiffusionCore
import DiffusionModels

/// Everything that determines what is drawn, independent of where it goes. Nil means not specified: the model or a
/// default decides. JSON keys are the command line's option names with underscores.
///
/// An image depends only on the model, the request and its own index, not on `count`, `batch`, `shard` or the number of
/// threads (except with `noiseStream` `.torch`).
public struct SamplingRequest: Sendable, Equatable {
  /// The path of a checkpoint; nil for the embedded model.
  public var model: String?
  /// Model settings that its file does not state.
  public var settings = StatedSettings()
  /// Where the noise comes from.
  public var source = Source.noise

  /// The number of images, ≥ 1: as stated, or else 1.
  public var count: Int {
    get { statedCount ?? 1 }
    set { statedCount = newValue }
  }
  /// The number of images, if it is stated. If not, and `lowRes`, `condition` or `initImage` is a folder, there is one
  /// image for each of its pictures.
  public var statedCount: Int?
  /// Image indices, ≥ 0, instead of 0 to `count` - 1.
  public var index: ClosedRange<Int>?
  /// Restricts the images to one part of the run.
  public var shard: Shard?
  /// Images per batch, ≥ 1; nil to choose automatically.
  public var batch: Int?
  /// The seed of noise and classes; nil for a random one.
  public var seed: UInt64?
  /// The classes to draw, cycled through; nil to draw them from the seed.
  public var classes: [ClassSelection]?

  /// The sampler's name; `defaultSampler` if nil.
  public var sampler: String?
  /// Denoising steps, ≥ 1; if nil, and without `respacing` or `timesteps`, the sampler's default.
  public var steps: Int?
  /// The original's `timestep_respacing`: `250`, `10,15,20`, `ddim50`; empty for all of the model's timesteps, with
  /// DDPM unless `sampler` is set.
  public var respacing: String?
  /// Timesteps of the model's process, in descending order.
  public var timesteps: [Int]?
  /// σ of each step, highest first, for models whose noise levels are continuous.
  public var sigmas: [Double]?
  /// Which of the `steps` levels of a consistency model are visited, from 0, the highest, to `steps` - 1.
  public var scales: [Int]?
  /// How `steps` are spaced over the process.
  public var spacing: TimestepSpacing?
  /// DDIM's η ≥ 0 (Song et al. 2021, eq. 16); 0 if nil.
  public var eta: Double?
  /// EDM's S_churn ≥ 0, the noise that is added before each step (Karras et al. 2022, algorithm 2); 0 if nil.
  public var churn: Double?
  /// S_tmin, the least σ at which it is added; 0 if nil.
  public var churnMin: Double?
  /// S_tmax, the largest; without limit if nil.
  public var churnMax: Double?
  /// S_noise, its standard deviation; 1 if nil.
  public var churnNoise: Double?
  /// Whether to clip x̂₀ to [-1, 1] at each step; nil for the model's default.
  public var clipDenoised: Bool?
  /// Which random number stream supplies the noise.
  public var noiseStream = NoiseStream.philox
  /// A `.npy` of x_T, float32 `[N, C, H, W]`.
  public var noise: String?

  /// The classifier-free guidance scale (Ho & Salimans 2022); 1 is no guidance.
  public var guidance: Double?
  /// The checkpoint of a smaller or less trained model to guide away from by `guidance`, in place of the null class
  /// (Karras et al. 2024, "Guiding a Diffusion Model with a Bad Version of Itself").
  public var guideModel: String?
  /// The timesteps with guidance; nil for all.
  public var guidanceInterval: ClosedRange<Int>?
  /// A classifier's checkpoint, for classifier guidance (Dhariwal & Nichol 2021, §4).
  public var classifier: String?
  /// The classifier's gradient scale; 1 if nil.
  public var classifierScale: Double?

  /// A file or folder of low-resolution images for a super-resolution model.
  public var lowRes: String?
  /// A file or folder of images that a conditional model draws from.
  public var condition: String?
  /// A file or folder of images to start from (Meng et al. 2022, "SDEdit").
  public var initImage: String?
  /// The fraction of the steps to run from there, above 0, up to 1; if nil, 0.6, or 1 with a mask.
  public var strength: Double?
  /// A PNG whose white areas are redrawn (Lugmayr et al. 2022, "RePaint").
  public var mask: String?
  /// How many steps form a stretch that is repeated, ≥ 1; 10 if nil.
  public var jumpLength: Int?
  /// How often each stretch is run, ≥ 1; 3 if nil.
  public var jumpCount: Int?

  /// One image with the defaults, or with these values; for everything else, set the properties.
  public init(
    count: Int? = nil, steps: Int? = nil, sampler: String? = nil, seed: UInt64? = nil, classes: [ClassSelection]? = nil,
    guidance: Double? = nil
  ) {
    (statedCount, self.steps, self.sampler, self.seed) = (count, steps, sampler, seed)
    (self.classes, self.guidance) = (classes, guidance)
  }

  /// The sampler used if none is named: DDIM where other settings call for it, otherwise UniPC, the most accurate in
  /// few steps (see the table in the documentation).
  public var defaultSampler: String { eta != nil || respacing != nil || mask != nil ? DDIM.info.name : UniPC.info.name }

  /// Where the noise comes from.
  public enum Source: Sendable, Equatable, Codable {
    /// Drawn, or given by `initImage` or `noise`.
    case noise
    /// Encoded by DDIM from these image files.
    case reconstruction(of: [String])
    /// Interpolated between two ends.
    case interpolation(InterpolationEnds, frames: Int)
  }

  /// A random number stream.
  public enum NoiseStream: String, Sendable, CaseIterable, Codable {
    /// A separate stream for each image (`PhiloxNoise`).
    case philox
    /// PyTorch's stream (`TorchNoise`), where an image depends on its batch; for the models of code bases that draw so,
    /// a stream for each image, seeded with the sum of seed and index (`StackedTorchNoise`).
    case torch
  }
}

/// The ends of an interpolation.
public enum InterpolationEnds: Sendable, Equatable, Codable {
  /// Two image files, encoded to noise.
  case pictures(String, String)
  /// The first images of two seeds.
  case seeds(UInt64, UInt64)
}

/// One part of a run: the images with index mod `count` = `number` - 1.
public struct Shard: Sendable, Equatable, Codable {
  /// 1 to `count`.
  public let number: Int
  /// At least 1.
  public let count: Int

  /// What to do about a part that has no seed.
  public var needsSeed: String {
    """
    --shard \(number)/\(count): parts that are drawn with seeds of their own do not belong together; type --seed too, \
    with the same number for all of them, for instance --seed 1
    """
  }

  /// Part `number` of `count`.
  public init(number: Int, count: Int) {
    precondition(count >= 1 && (1...count).contains(number), "there is no part \(number) of \(count)")
    (self.number, self.count) = (number, count)
  }

  /// Reads a shard; throws if there is no such part.
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
