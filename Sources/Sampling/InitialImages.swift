import DiffusionBytes
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import TensorCore

/// What images start from in place of noise alone: pictures that are brought under noise (Meng et al. 2022, "SDEdit"), and what of
/// them is kept (Lugmayr et al. 2022, "RePaint").
public struct InitialImages: Sendable {
  /// One picture after the other, again from the first when all are done: `[N, C, H, W]`.
  private let pictures: Tensor
  /// The class of each, where the file says it.
  let labels: [Int]?
  /// The fraction of the steps that are drawn.
  public let strength: Double
  /// The mask's file, and which steps are drawn how often; nil without a mask.
  let inpainting: (file: String, jumpLength: Int, jumpCount: Int)?
  /// 1 where they are drawn anew, 0 where they are kept, `[1, 1, H, W]`.
  private let mask: Tensor?
  /// The way through the steps.
  let schedule: ResamplingSchedule
  /// The pictures' file.
  public let file: String
  /// The SHA-256 of each file, by its option.
  public let hashes: [String: String]

  /// Nil if the request names no pictures to start from.
  ///
  /// - Parameter steps: those of the process that the sampler would take from noise.
  /// - Throws: `SamplingError`.
  init?(_ request: SamplingRequest, _ model: DiffusionModel, steps: Int) throws(SamplingError) {
    guard let file = request.initImage else { return nil }
    let specification = model.specification
    guard specification.task != .superResolution else { throw .initImageToEnlarge(model: model.name) }
    strength = request.strength ?? (request.mask == nil ? 0.6 : 1)
    // As diffusers' pipelines count them.
    let drawn = min(Int(Double(steps) * strength), steps)
    guard drawn >= 1 else { throw .strength(strength, steps: steps) }
    let bytes = try inSamplingTerms { try readFile(file) }
    let initial = try inSamplingTerms {
      try readInitialPictures(bytes, path: file, channels: specification.imageChannels, size: specification.imageSize)
    }
    try model.checkLabels(initial.labels, of: file)
    (pictures, labels) = (initial.pictures, specification.classCount == nil ? nil : initial.labels)
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

  /// What is drawn from, for people.
  public var summary: String {
    "from \(file) at strength \(strength)" + (inpainting.map { ", around what \($0.file) keeps" } ?? "")
  }

  /// What images start from: the pictures under the noise of the first step, which `noise`, `[N, C, H, W]`, is scaled to. Where some of
  /// them is kept and all steps are drawn, noise alone, so that nothing shows through of what is drawn anew.
  func start(_ images: [Int], _ diffusion: GaussianDiffusion, noise: Tensor) -> Tensor? {
    if mask != nil && strength == 1 { return nil }
    return diffusion.qSample(
      pictures(of: images), steps: [Int](repeating: schedule.levels[0], count: images.count), noise: noise)
  }

  /// What is kept of the pictures.
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
