import DiffusionBytes
import DiffusionCheckpoints
import DiffusionFiles

/// What is known of a model apart from its tensors, each item only if the file tells it. The names in JSON are those of the
/// original's constructors and flags: `model_channels`, `noise_schedule`, …
public struct ModelDescription: Sendable, Equatable, Codable {
  /// The family of models: `improved`, `guided` or `diffusers`, or a name that begins so (`improved-diffusion`).
  public var family: String?
  /// The original's class: `UNetModel`, `SuperResModel` or `EncoderUNetModel`.
  public var kind: String?
  /// Width and height of the pictures, in pixels.
  public var imageSize: Int?
  /// Channels of the pictures.
  public var inChannels: Int?
  /// The width of the first level.
  public var modelChannels: Int?
  /// Channels of the output.
  public var outChannels: Int?
  /// Residual blocks per level.
  public var numResBlocks: Int?
  /// The downsampling factors at which there is attention.
  public var attentionResolutions: [Int]?
  /// The width of each level in multiples of `modelChannels`.
  public var channelMult: [Double]?
  /// Whether resampling learns a convolution.
  public var convResample: Bool?
  /// Spatial dimensions.
  public var dims: Int?
  /// The number of classes of a class-conditional model.
  public var numClasses: Int?
  /// The class that stands for none, of a model trained for classifier-free guidance.
  public var nullClass: Int?
  /// What the classes are called.
  public var classNames: [String]?
  /// Attention heads.
  public var numHeads: Int?
  /// Attention heads of the ascending half, if others.
  public var numHeadsUpsample: Int?
  /// Channels of each attention head, where that decides how many there are (guided-diffusion).
  public var numHeadChannels: Int?
  /// Whether q, k and v are packed for all heads together (guided-diffusion).
  public var useNewAttentionOrder: Bool?
  /// Whether residual blocks resample (guided-diffusion).
  public var resblockUpdown: Bool?
  /// Whether the timestep embedding scales and shifts.
  public var useScaleShiftNorm: Bool?
  /// Groups of each normalisation.
  public var normNumGroups: Int?
  /// What normalisations add to the variance.
  public var normEps: Double?
  /// Whether the attention in the middle begins with a normalisation.
  public var middleAttentionNorm: Bool?
  /// 1 where downsampling sees zeros all around, 0 where it sees them on the right and at the bottom only (diffusers).
  public var downsamplePadding: Int?
  /// What the spacing of the timestep embedding's frequencies is shortened by (diffusers).
  public var freqShift: Double?
  /// Whether the timestep embedding has cosines before sines (diffusers; the original has).
  public var flipSinToCos: Bool?
  /// Whether the variance is predicted too.
  public var learnSigma: Bool?
  /// `linear`, `scaled_linear` or `cosine`.
  public var noiseSchedule: String?
  /// The first and the last β of a linear schedule, which then is not rescaled by T (diffusers).
  public var betaStart: Double?
  /// See `betaStart`.
  public var betaEnd: Double?
  /// T, the steps of the process that the model was trained on.
  public var diffusionSteps: Int?
  /// Whether the model predicts the picture rather than the noise.
  public var predictXstart: Bool?
  /// Whether the fixed variance is the posterior's rather than β.
  public var sigmaSmall: Bool?
  /// Whether the model's timesteps run to 1000 whatever T is.
  public var rescaleTimesteps: Bool?
  /// Whether the predicted picture is clipped to [-1, 1] at each step.
  public var clipDenoised: Bool?
  /// How the steps of samplers are spread: `leading`, `trailing` or `linspace` (diffusers).
  public var timestepSpacing: String?
  /// The scale of classifier-free guidance that its makers recommend for looks.
  public var recommendedGuidance: Double?
  /// The licence of the weights.
  public var licence: String?

  /// Nothing known yet.
  public init() {}

  /// What the JSON text `json` of `file` says. Keys that are not known are passed over.
  ///
  /// - Throws: `CheckpointError.description` where a key has a value of the wrong type.
  public init(json: String, file: String) throws(CheckpointError) {
    do {
      self = try decodeJSON(ModelDescription.self, from: json.utf8, snakeCase: true)
    } catch {
      throw Self.explain(error, file: file)
    }
    // The original's way to say that it is not given.
    if numHeadsUpsample == -1 { numHeadsUpsample = nil }
    if numHeadChannels == -1 { numHeadChannels = nil }
  }

  /// The description in JSON, as `init(json:file:)` reads it; keys in order.
  public func json() throws -> String {
    try encodeJSON(self, snakeCase: true, escapesSlashes: true)
  }

  private static func explain(_ error: any Error, file: String) -> CheckpointError {
    if case DecodingError.typeMismatch(let type, let context)? = error as? DecodingError,
      let key = context.codingPath.first
    {
      let kinds: [String: String] = [
        "Int": "a whole number", "Bool": "true or false", "String": "a text", "Double": "a number",
        "Array<Any>": "a list", "Dictionary<String, Any>": "an object",
      ]
      return .description(
        file: file, key: snakeCase(key.stringValue), expected: kinds["\(type)"] ?? "of the type \(type)")
    }
    if case DecodingError.dataCorrupted(let context)? = error as? DecodingError, let key = context.codingPath.first {
      return .description(file: file, key: snakeCase(key.stringValue), expected: "a value in range")
    }
    return .descriptionNotJSON(file: file, reason: jsonReason(error))
  }

  private static func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
  }
}
