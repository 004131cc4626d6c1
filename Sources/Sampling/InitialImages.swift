import DiffusionBytes
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import TensorCore

/// Images to start from instead of pure noise: noised inputs (Meng et al. 2022, "SDEdit"), of which a mask may keep a
/// part (Lugmayr et al. 2022, "RePaint").
public struct InitialImages: Sendable {
  /// The inputs as the network knows them, cycled through: `[N, C, H, W]`.
  private let pictures: Tensor
  /// The class of each, if the file has labels.
  let labels: [Int]?
  /// The fraction of the steps that is run.
  public let strength: Double
  /// The mask's file and how steps are repeated; nil without a mask.
  let inpainting: (file: String, jumpLength: Int, jumpCount: Int)?
  /// 1 to draw, 0 to keep: `[1, 1, H, W]`.
  private let mask: Tensor?
  /// The order in which steps are taken.
  let schedule: ResamplingSchedule
  /// The input file.
  public let file: String
  /// The SHA-256 of each file, keyed by option.
  public let hashes: [String: String]

  /// Nil if the request has no `initImage`.
  ///
  /// - Parameter steps: how many the sampler would take from pure noise.
  /// - Throws: `SamplingError`.
  init?(_ request: SamplingRequest, _ model: DiffusionModel, steps: Int) throws(SamplingError) {
    guard let file = request.initImage else { return nil }
    let specification = model.specification
    guard specification.task != .superResolution else { throw .initImageToEnlarge(model: model.name) }
    if let autoencoder = specification.autoencoder {
      guard request.mask == nil else {
        throw .request("--mask: \(model.name) draws latents, of which a mask keeps no pixels; leave --mask out")
      }
      guard autoencoder.hasEncoder else {
        throw .request(
          "--init-image: the \(autoencoder.kind) of \(model.name) has no encoder; leave --init-image out")
      }
    }
    strength = request.strength ?? (request.mask == nil ? 0.6 : 1)
    // The same rounding as diffusers' pipelines.
    let drawn = min(Int(Double(steps) * strength), steps)
    guard drawn >= 1 else { throw .strength(strength, steps: steps) }
    let bytes = try inSamplingTerms { try readFile(file) }
    let initial = try inSamplingTerms {
      try readInitialPictures(
        bytes, path: file, channels: specification.pictureChannels, size: specification.pictureSize)
    }
    try model.checkLabels(initial.labels, of: file)
    // As the network knows them.
    let pictures = model.autoencoder?.encode(initial.pictures) ?? initial.pictures
    self.pictures = specification.conventions.imagesFromZero ? pictures.map { ($0 + 1) / 2 } : pictures
    labels = specification.classCount == nil ? nil : initial.labels
    var hashes = ["init-image": Self.hash(bytes)]
    if let maskFile = request.mask {
      let (length, count) = (request.jumpLength ?? 10, request.jumpCount ?? 3)
      let bytes = try inSamplingTerms { try readFile(maskFile) }
      mask = try inSamplingTerms { try readMask(bytes, path: maskFile, for: initial) }
      schedule = ResamplingSchedule(steps: drawn, jumpLength: length, jumpCount: count)
      inpainting = (maskFile, length, count)
      hashes["mask"] = Self.hash(bytes)
    } else {
      (mask, inpainting) = (nil, nil)
      schedule = ResamplingSchedule(steps: drawn)
    }
    (self.file, self.hashes) = (file, hashes)
  }

  /// A description for people.
  public var summary: String {
    "from \(file) at strength \(strength)" + (inpainting.map { ", inpainted with \($0.file)" } ?? "")
  }

  /// The starting point: the inputs, noised to the first step's level with `noise`, `[N, C, H, W]`. With a mask and all
  /// steps, nil for pure noise, so that nothing of the masked area shows through.
  func start(_ images: [Int], _ process: any NoiseProcess, noise: Tensor) -> Tensor? {
    if mask != nil && strength == 1 { return nil }
    let (pictures, first) = (pictures(of: images), schedule.levels[0])
    // The original's tables, for the same bits.
    if let diffusion = process as? GaussianDiffusion {
      return diffusion.qSample(pictures, steps: [Int](repeating: first, count: images.count), noise: noise)
    }
    return process.noised(pictures, from: -1, to: first, noise: noise)
  }

  /// The part of the inputs to keep.
  func constraint(_ images: [Int]) -> InpaintingConstraint? {
    mask.map { InpaintingConstraint(pictures(of: images), drawnWhere: $0) }
  }

  private func pictures(of images: [Int]) -> Tensor { pictures.gatheringRows(images.map { $0 % pictures.shape[0] }) }

  private static func hash(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest()
  }
}
