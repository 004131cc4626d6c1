import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import TensorCore

/// All that a drawing needs decided before it starts, from the options and the model.
struct Plan {
  let options: Options
  let model: Model
  let diffusion: GaussianDiffusion
  let sampler: SamplerName
  let seed: UInt64
  let guidance: Double
  /// What draws the images towards their classes besides, if anything does.
  let classifier: GuidingClassifier?
  /// Classes to be taken in turn; nil to draw them.
  var classes: [Int]?
  /// The images.
  let numbers: ImageIndices
  /// Images at a time.
  let batch: Int
  /// x_T of all images, if it is given.
  var noise: Tensor?
  /// What that was made of, if a command has made it.
  var origin: NoiseOrigin?
  /// What a super-resolution model enlarges, one picture after the other, again from the first when all are done.
  let lowRes: LowResolution?
  /// What images start from in place of noise alone, if that is given.
  let initial: InitialImage?

  /// - Throws: `UsageError`, `SettingsError`, `ImageError`, `SpacingError`.
  init(_ options: Options, _ model: Model) throws {
    self.options = options
    self.model = model
    let settings = model.settings
    sampler = options.sampler ?? options.usualSampler
    seed = options.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    diffusion = try Self.diffusion(options, settings, sampler)
    initial = try InitialImage(options, model, steps: diffusion.count)
    lowRes = try Self.readLowResolution(options, model)
    if let guidance = options.guidance {
      guard guidance == 1 || settings.nullClass != nil else {
        throw SettingsError(
          "--guidance needs a model that was trained with a null class, and none is known of \(model.name); type --null-class, or leave --guidance out"
        )
      }
      self.guidance = guidance
    } else {
      guidance = settings.nullClass == nil ? 1 : settings.recommendedGuidance ?? 1
    }
    if let interval = options.guidanceInterval {
      guard guidance != 1 else {
        throw SettingsError("--guidance-interval says when to guide, but there is no guidance; type --guidance 1.5 too")
      }
      guard interval.lowerBound < settings.diffusionSteps else {
        throw SettingsError(
          "--guidance-interval \(interval.lowerBound)-\(interval.upperBound): the process has only the timesteps 0 to \(settings.diffusionSteps - 1)"
        )
      }
    }
    classifier = try options.classifier.map {
      try GuidingClassifier(path: $0, scale: options.classifierScale ?? 1, for: model)
    }
    if let items = options.classes {
      guard let count = settings.unet.numClasses ?? classifier?.classCount else {
        throw SettingsError("--class: \(model.name) has no classes; leave --class out")
      }
      let names = settings.unet.numClasses == nil ? classifier?.settings.classNames ?? [] : settings.classNames
      classes = try selectClasses(items, count: count, names: names, nullClass: settings.nullClass)
    } else {
      // A picture is enlarged, and drawn again, as what it was drawn as.
      classes = settings.unet.numClasses == nil ? nil : lowRes?.labels ?? initial?.labels
    }
    numbers = ImageIndices(count: options.count, index: options.index, shard: options.shard)
    batch = min(Swift.max(1, numbers.count), options.batch ?? Self.usualBatch(options, settings))
    noise = try options.noise.map { try Self.readNoise($0, options, settings) }
  }

  /// The shape of one image: `[C, H, W]`.
  var imageShape: [Int] {
    [model.settings.unet.imageChannels, model.settings.imageSize, model.settings.imageSize]
  }

  /// The classes that can be drawn, of the model or else of the classifier; nil if there are none.
  var drawableClasses: [Int]? {
    model.settings.unet.numClasses != nil ? model.settings.drawableClasses : classifier.map { Array(0..<$0.classCount) }
  }

  /// Whether the predicted picture is clipped to [-1, 1] at each step.
  var clipsDenoised: Bool { options.clipDenoised ?? model.settings.clipDenoised }

  /// How many batches they make.
  var batches: Int { (numbers.count + batch - 1) / batch }

  /// The timesteps with guidance, on the model's scale; nil for all.
  var guidanceInterval: ClosedRange<Float>? {
    options.guidanceInterval.map {
      let scale = diffusion.rescaleTimesteps ? 1000 / Float(diffusion.originalSteps) : 1
      return Float($0.lowerBound) * scale...Float($0.upperBound) * scale
    }
  }

  /// Passes through the network for one image; with guidance two in place of one where it applies.
  var passes: Int {
    let stretches = path.stretches
    let passes = stretches.enumerated().reduce(0) { sum, stretch in
      sum + sampler.passes(steps: stretch.element, endsInPicture: stretch.offset == stretches.count - 1)
    }
    if guidance == 1 { return passes }
    let steps = path.steps
    let guided = steps.filter { guidanceInterval?.contains(diffusion.modelTimestep($0)) ?? true }.count
    // The second passes of a solver are at the same timesteps.
    return passes + passes * guided / steps.count
  }

  /// So many that the activations stay within about half a gigabyte; beyond 16, larger batches gain no speed. What PyTorch's
  /// stream gives depends on the batch: without --batch, it is drawn for all images at once.
  private static func usualBatch(_ options: Options, _ settings: ModelSettings) -> Int {
    if options.rng == .torch { return options.count }
    let floatsPerLevel = settings.imageSize * settings.imageSize * settings.unet.modelChannels
    let bytes = floatsPerLevel * 4 * (2 * settings.unet.numResBlocks + 6)
    return min(max(1, (512 << 20) / bytes), 16)
  }

  /// The model's process, at the steps that the sampler takes.
  private static func diffusion(
    _ options: Options, _ settings: ModelSettings, _ sampler: SamplerName
  ) throws(SpacingError) -> GaussianDiffusion {
    let count = settings.diffusionSteps
    let steps = options.steps ?? min(sampler.usualSteps, count)
    let kept: [Int]
    if let timesteps = options.timesteps {
      guard timesteps[0] < count else {
        throw .timesteps("--timesteps \(timesteps.map(String.init).joined(separator: ","))", last: count - 1)
      }
      kept = timesteps.reversed()
    } else if let respacing = options.respacing {
      kept = try spaceTimesteps(count, sections: respacing)
    } else if let spacing = options.spacing.flatMap({ TimestepSpacing(rawValue: $0.rawValue) }) ?? settings.spacing
      ?? sampler.usualSpacing
    {
      return GaussianDiffusion(
        levels: try NoiseLevels(betas: settings.betas, steps: steps, spacing: spacing, style: sampler.spacingStyle),
        originalSteps: count, meanType: settings.meanType, varType: settings.varType,
        rescaleTimesteps: settings.rescaleTimesteps)
    } else {
      kept = try timesteps(count, steps: steps, isDDIM: sampler == .ddim)
    }
    return GaussianDiffusion(
      betas: settings.betas, timesteps: kept, meanType: settings.meanType, varType: settings.varType,
      rescaleTimesteps: settings.rescaleTimesteps)
  }

  private static func readLowResolution(_ options: Options, _ model: Model) throws -> LowResolution? {
    let settings = model.settings
    guard let path = options.lowRes else {
      guard settings.kind != .superResolution else {
        throw SettingsError(
          "\(model.name): enlarges pictures, and none is given; type for instance --low-res small.png")
      }
      return nil
    }
    guard settings.kind == .superResolution else {
      throw SettingsError("--low-res: \(model.name) draws pictures of its own and enlarges none; leave --low-res out")
    }
    let lowRes = try DiffusionImages.readLowResolution(path, channels: settings.unet.imageChannels)
    let (height, width) = (lowRes.pictures.shape[2], lowRes.pictures.shape[3])
    guard height <= settings.imageSize, width <= settings.imageSize else {
      throw SettingsError(
        "\(path): \(width)×\(height) pixels are more than the \(settings.imageSize)×\(settings.imageSize) that \(model.name) enlarges to"
      )
    }
    if let classes = settings.unet.numClasses, let stray = lowRes.labels?.first(where: { !(0..<classes).contains($0) })
    {
      throw SettingsError(
        "\(path): has the label \(stray), but \(model.name) has \(classes) classes, 0 to \(classes - 1)")
    }
    return lowRes
  }

  private static func readNoise(_ path: String, _ options: Options, _ settings: ModelSettings) throws -> Tensor {
    let noise = try readNPY(try readFile(path), path: path)
    // Row k is the noise of image k, also where only some are drawn.
    let count = options.index.map { $0.upperBound + 1 } ?? options.count
    let needed = [count, settings.unet.imageChannels, settings.imageSize, settings.imageSize]
    guard noise.shape == needed else {
      let isCount = noise.shape.count == 4 && Array(noise.shape.dropFirst()) == Array(needed.dropFirst())
      throw SettingsError(
        "\(path): holds noise of shape \(noise.shape), but \(needed) is needed"
          + (isCount && noise.shape[0] > 0 ? "; type --count \(noise.shape[0])" : ""))
    }
    return noise
  }
}
