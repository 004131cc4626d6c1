import DiffusionBytes
import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import TensorCore

/// What a drawing starts from in place of noise alone: pictures that are brought under noise (Meng et al. 2022, "SDEdit"), and what of
/// them is kept (Lugmayr et al. 2022, "RePaint").
struct InitialImage {
  /// One picture after the other, again from the first when all are done: `[N, C, H, W]`.
  private let pictures: Tensor
  /// The class of each, where the file says it.
  let labels: [Int]?
  /// The share of the steps that are drawn.
  let strength: Double
  /// 1 where they are drawn anew, 0 where they are kept, `[1, 1, H, W]`.
  private let mask: Tensor?
  /// The way through the steps.
  let path: ResamplingSchedule
  /// What is drawn from, for people.
  let summary: String
  /// The options that say so, without a default left to be guessed.
  let arguments: [String]
  /// The SHA-256 of each file, by its option.
  let files: [String: String]

  /// Nil without `--init-image`.
  ///
  /// - Parameter steps: those of the process that the sampler would take from noise.
  /// - Throws: `SettingsError`, `ImageError`.
  init?(_ options: Options, _ model: Model, steps: Int) throws {
    guard let file = options.initImage else { return nil }
    let settings = model.settings
    guard settings.kind != .superResolution else {
      throw SettingsError(
        "--init-image: \(model.name) enlarges pictures, and starts from noise; type --low-res in place of --init-image")
    }
    strength = options.strength ?? (options.mask == nil ? 0.6 : 1)
    // As diffusers' pipelines count them.
    let drawn = min(Int(Double(steps) * strength), steps)
    guard drawn >= 1 else {
      let least = (1000 / Double(steps)).rounded(.up) / 1000
      throw SettingsError(
        "--strength \(strength) of \(steps) \(steps == 1 ? "step" : "steps") leaves none; type --strength \(least) or more, or more --steps"
      )
    }
    let bytes = try readFile(file)
    let initial = try readInitialPictures(
      bytes, path: file, channels: settings.unet.imageChannels, size: settings.imageSize)
    if let classes = settings.unet.numClasses, let stray = initial.labels?.first(where: { !(0..<classes).contains($0) })
    {
      throw SettingsError(
        "\(file): has the label \(stray), but \(model.name) has \(classes) classes, 0 to \(classes - 1)")
    }
    (pictures, labels) = (initial.pictures, settings.unet.numClasses == nil ? nil : initial.labels)
    var arguments = ["--init-image", file, "--strength", "\(strength)"]
    var files = ["init-image": Self.hash(bytes)]
    if let maskFile = options.mask {
      let (length, count) = (options.jumpLength ?? 10, options.jumpCount ?? 3)
      let bytes = try readFile(maskFile)
      mask = try readMask(bytes, path: maskFile, for: initial)
      path = ResamplingSchedule(steps: drawn, jumpLength: length, jumpCount: count)
      arguments += ["--mask", maskFile, "--jump-length", "\(length)", "--jump-count", "\(count)"]
      files["mask"] = Self.hash(bytes)
    } else {
      mask = nil
      path = ResamplingSchedule(steps: drawn)
    }
    (self.arguments, self.files) = (arguments, files)
    summary = "from \(file) at strength \(strength)" + (options.mask.map { ", around what \($0) keeps" } ?? "")
  }

  /// What images start from: the pictures under the noise of the first step, which `noise`, `[N, C, H, W]`, is scaled to. Where some of
  /// them is kept and all steps are drawn, noise alone, so that nothing shows through of what is drawn anew.
  func start(_ images: [Int], _ diffusion: GaussianDiffusion, noise: Tensor) -> Tensor? {
    if mask != nil && strength == 1 { return nil }
    return diffusion.qSample(
      pictures(of: images), steps: [Int](repeating: path.levels[0], count: images.count), noise: noise)
  }

  /// What is kept of the pictures.
  func known(_ images: [Int]) -> InpaintingConstraint? {
    mask.map { InpaintingConstraint(pictures(of: images), drawnWhere: $0) }
  }

  private func pictures(of images: [Int]) -> Tensor {
    Tensor.stacked(images.map { $0 % pictures.shape[0] }.map { pictures.rows($0..<$0 + 1) })
  }

  private static func hash(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest()
  }
}

extension Plan {
  /// The way through the steps.
  var path: ResamplingSchedule { initial?.path ?? ResamplingSchedule(steps: diffusion.count) }
}
