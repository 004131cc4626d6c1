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
  /// Where the inputs come from.
  let files: PictureFiles
  /// The SHA-256 of the mask's file, if there is one.
  let maskHash: String?

  /// The input file, or the folder of the inputs.
  public var file: String { files.path }

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
    var files = try PictureFiles("init-image", file)
    var parts: [InitialPictures] = []
    for file in files.files {
      let bytes = try inSamplingTerms { try readFile(file) }
      let part = try inSamplingTerms {
        try readInitialPictures(
          bytes, path: file, channels: specification.pictureChannels, size: specification.pictureSize)
      }
      try model.checkLabels(part.labels, of: file)
      files.add(bytes, pictures: part.pictures.shape[0])
      parts.append(part)
    }
    self.files = files
    // As the network knows them.
    let pictures = Tensor.stacked(parts.map { model.autoencoder?.encode($0.pictures) ?? $0.pictures })
    self.pictures = specification.conventions.imagesFromZero ? pictures.map { ($0 + 1) / 2 } : pictures
    let labels = parts.compactMap(\.labels)
    self.labels = specification.classCount == nil || labels.count < parts.count ? nil : labels.flatMap(\.self)
    if let maskFile = request.mask {
      let (length, count) = (request.jumpLength ?? 10, request.jumpCount ?? 3)
      let bytes = try inSamplingTerms { try readFile(maskFile) }
      var masks: [Tensor] = []
      // It must fit each of them.
      for (n, part) in parts.enumerated()
      where n == 0 || (part.width, part.height) != (parts[0].width, parts[0].height) {
        masks.append(try inSamplingTerms { try readMask(bytes, path: maskFile, for: part) })
      }
      mask = masks[0]
      schedule = ResamplingSchedule(steps: drawn, jumpLength: length, jumpCount: count)
      inpainting = (maskFile, length, count)
      maskHash = sha256(bytes)
    } else {
      (mask, inpainting, maskHash) = (nil, nil, nil)
      schedule = ResamplingSchedule(steps: drawn)
    }
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
}
