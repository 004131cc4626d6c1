import DiffusionBytes
import DiffusionCheckpoints
import DiffusionFiles

/// The description of a model apart from its tensors; anything the file does not give is nil. JSON keys are the
/// original's constructor arguments and flags: `model_channels`, `noise_schedule`, …
public struct ModelDescription: Sendable, Equatable, Codable {
  /// The model family, a name in `ModelFamilies.all`, or its first word: `improved`, `guided-diffusion`, `diffusers`.
  public var family: String?
  /// The network's class in its code base, such as the original's `UNetModel`, `SuperResModel` or `EncoderUNetModel`.
  public var kind: String?
  /// The width and height of the images, in pixels.
  public var imageSize: Int?
  /// The channels of the images.
  public var inChannels: Int?
  /// The channels of the images that a conditional model draws from, beside its own.
  public var conditionChannels: Int?
  /// Whether these come before its own.
  public var conditionFirst: Bool?
  /// The width that `channelMult` multiplies.
  public var modelChannels: Int?
  /// The channels of the output.
  public var outChannels: Int?
  /// The residual blocks per level.
  public var numResBlocks: Int?
  /// The downsampling factors at which there is attention.
  public var attentionResolutions: [Int]?
  /// The width of each level in multiples of `modelChannels`.
  public var channelMult: [Double]?
  /// Whether resampling layers have a learned convolution.
  public var convResample: Bool?
  /// The number of spatial dimensions.
  public var dims: Int?
  /// The number of classes of a class-conditional model.
  public var numClasses: Int?
  /// The label of the null class of a model trained for classifier-free guidance.
  public var nullClass: Int?
  /// The names of the classes.
  public var classNames: [String]?
  /// The number of attention heads.
  public var numHeads: Int?
  /// The attention heads in the upsampling half, if different.
  public var numHeadsUpsample: Int?
  /// The channels of each attention head, if they determine the number of heads (guided-diffusion).
  public var numHeadChannels: Int?
  /// Whether q, k and v are packed for all heads together (guided-diffusion).
  public var useNewAttentionOrder: Bool?
  /// What scores of attention are divided by the root of: `channels`, all of them; a head's if nil (rosinality).
  public var attentionScale: String?
  /// The features of the embedding that blocks project, where they are not four times the base width (SR3).
  public var embeddingFeatures: Int?
  /// Whether blocks activate the embedding before they project it; true if nil.
  public var activatesEmbedding: Bool?
  /// Whether residual blocks do the resampling (guided-diffusion).
  public var resblockUpdown: Bool?
  /// Whether the timestep embedding scales and shifts, instead of being added.
  public var useScaleShiftNorm: Bool?
  /// The groups of each normalisation.
  public var normNumGroups: Int?
  /// The ε that normalisations add to the variance.
  public var normEps: Double?
  /// Whether the middle attention starts with a normalisation.
  public var middleAttentionNorm: Bool?
  /// 1 if downsampling is zero-padded all around, 0 if only on the right and at the bottom (diffusers).
  public var downsamplePadding: Int?
  /// The shift in the timestep embedding: its frequencies are spaced over half its dimension minus this (diffusers).
  public var freqShift: Double?
  /// Whether cosines come before sines in the timestep embedding (diffusers; always in the original).
  public var flipSinToCos: Bool?
  /// Whether the variance is also predicted.
  public var learnSigma: Bool?
  /// `linear`, `scaled_linear`, `cosine`, `sigmoid`, `sigmoid_beta` or `laplace`.
  public var noiseSchedule: String?
  /// The first β of a linear schedule that is not rescaled by T (diffusers); needs `betaEnd`.
  public var betaStart: Double?
  /// The last β of that schedule.
  public var betaEnd: Double?
  /// β of every timestep, in place of a schedule (diffusers).
  public var trainedBetas: [Double]?
  /// Whether √ᾱ is shifted and scaled so that the process ends in pure noise (diffusers).
  public var rescaleBetasZeroSnr: Bool?
  /// T, the number of steps of the process that the model was trained on.
  public var diffusionSteps: Int?
  /// The process: `diffusion`, the default, or a `ContinuousDiffusion.Form`.
  public var process: String?
  /// The least σ of a continuous process.
  public var sigmaMin: Double?
  /// The largest σ of a continuous process.
  public var sigmaMax: Double?
  /// The standard deviation of the images of a continuous process.
  public var sigmaData: Double?
  /// The exponent that spaces its levels.
  public var rho: Double?
  /// The factor of ln σ that its network is told.
  public var sigmaLogScale: Double?
  /// The factor that shifts a flow's levels towards noise.
  public var shift: Double?
  /// The signal-to-noise ratio of the corrector's Langevin steps (score models).
  public var langevinRatio: Double?
  /// How many of them there are at each level.
  public var langevinSteps: Int?
  /// Whether sampling starts as if an image of unit variance were in the noise (diffusers' EDM).
  public var startsWithUnitImage: Bool?
  /// What the model predicts: `epsilon`, `sample` or `v`.
  public var prediction: String?
  /// Whether the model predicts the image instead of the noise; read only where there is no `prediction`.
  public var predictXstart: Bool?
  /// Whether the fixed variance is the posterior's instead of β.
  public var sigmaSmall: Bool?
  /// What the network is told of a noise level: `timestep`, `sqrt_alphas_cumprod` or `alphas_cumprod`.
  public var conditioning: String?
  /// Whether the model's timesteps are rescaled to run to 1000 for any T.
  public var rescaleTimesteps: Bool?
  /// Whether x̂₀ is clipped to [-1, 1] at each step.
  public var clipDenoised: Bool?
  /// The bound that x̂₀ is clipped to, if it is clipped; 1 if nil.
  public var clipSampleRange: Double?
  /// Whether x̂₀ is thresholded dynamically in place of clipping (diffusers).
  public var thresholding: Bool?
  /// The quantile of thresholding; 0.995 if nil.
  public var dynamicThresholdingRatio: Double?
  /// The largest bound of thresholding; 1 if nil.
  public var sampleMaxValue: Double?
  /// The class of the scheduler (diffusers).
  public var scheduler: String?
  /// The spacing of sampler steps: `leading`, `trailing` or `linspace` (diffusers).
  public var timestepSpacing: String?
  /// Whether samplers that have it space their steps as Karras et al. do (diffusers).
  public var useKarrasSigmas: Bool?
  /// Added to the timesteps of leading spacing (diffusers).
  public var stepsOffset: Int?
  /// Whether the last step of DDIM and PLMS leads to the noiseless image, not to timestep 0 (diffusers).
  public var setAlphaToOne: Bool?
  /// The sampler that the file's scheduler is; only of processes with continuous levels.
  public var recommendedSampler: String?
  /// The guidance scale that its publishers recommend for visual quality.
  public var recommendedGuidance: Double?
  /// Settings of a network other than this UNet that no tensor shows, by the names of its own code base.
  public var network: [String: String]?
  /// The licence of the weights.
  public var licence: String?

  /// Creates an empty description.
  public init() {}

  /// The setting `key` of a network other than this UNet.
  public subscript(network key: String) -> String? {
    get { network?[key] }
    set { network = (network ?? [:]).merging([key: newValue].compactMapValues { $0 }) { $1 } }
  }

  /// `prediction`, or what `predictXstart` says in its place.
  public var statedPrediction: String? { prediction ?? predictXstart.map { $0 ? "sample" : "epsilon" } }

  /// Decodes the JSON text `json` of `file`, ignoring unknown keys.
  ///
  /// - Throws: `CheckpointError.description` if a key has a value of the wrong type.
  public init(json: String, file: String) throws(CheckpointError) {
    do {
      self = try decodeJSON(ModelDescription.self, from: json.utf8, snakeCase: true)
    } catch {
      throw Self.explain(error, file: file)
    }
    // The original uses -1 for values that are not given.
    if numHeadsUpsample == -1 { numHeadsUpsample = nil }
    if numHeadChannels == -1 { numHeadChannels = nil }
    prediction = statedPrediction
  }

  /// The description as JSON that `init(json:file:)` reads, with keys in order.
  public func json() throws -> String {
    var description = self
    // Earlier versions read predict_xstart alone.
    if let prediction, ["epsilon", "sample"].contains(prediction) {
      (description.prediction, description.predictXstart) = (nil, prediction == "sample")
    }
    return try encodeJSON(description, snakeCase: true, escapesSlashes: true)
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
