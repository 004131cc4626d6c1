import DiffusionBytes
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import TensorCore

/// The images that a conditional model draws from: what it enlarges, colours in or completes.
public struct ConditionImages: Sendable {
  /// `[N, C', H, W]` in [-1, 1], cycled through.
  private let pictures: Tensor
  /// 1 where an image is completed, 0 where it is kept: `[1, 1, H, W]`; nil if images are drawn anew.
  private let mask: Tensor?
  /// Where they come from.
  let files: PictureFiles
  /// The SHA-256 of the mask's file, if there is one.
  let maskHash: String?

  /// Nil if the model draws from noise alone.
  ///
  /// - Throws: `SamplingError`, also if the request has no images for a model that needs them, or has some for another.
  init?(_ request: SamplingRequest, _ model: DiffusionModel) throws(SamplingError) {
    let specification = model.specification
    guard let path = request.condition else {
      guard specification.conditionChannels == 0 else {
        throw .request(
          "\(model.name): draws from an image and needs one; type for instance --condition picture.png")
      }
      return nil
    }
    guard specification.conditionChannels > 0 else {
      throw .request("--condition: \(model.name) draws from noise alone; leave --condition out")
    }
    var files = try PictureFiles("condition", path)
    var parts: [InitialPictures] = []
    for file in files.files {
      let bytes = try inSamplingTerms { try readFile(file) }
      parts.append(
        try inSamplingTerms {
          try readInitialPictures(
            bytes, path: file, channels: specification.conditionChannels, size: specification.imageSize)
        })
      files.add(bytes, pictures: parts[parts.count - 1].pictures.shape[0])
    }
    self.files = files
    pictures = Tensor.stacked(parts.map(\.pictures))
    if let file = request.mask, request.initImage == nil {
      guard specification.conventions.completesConditions,
        specification.conditionChannels == specification.imageChannels
      else {
        throw .request("--mask: \(model.name) completes no images by itself; type --init-image and its file too")
      }
      let bytes = try inSamplingTerms { try readFile(file) }
      mask = try inSamplingTerms { try readMask(bytes, path: file, for: parts[0]) }
      maskHash = sha256(bytes)
    } else {
      (mask, maskHash) = (nil, nil)
    }
  }

  /// The images that `images` are drawn from, `[N, C', H, W]`. What is to be completed is `noise`, of the same shape.
  func conditions(_ images: [Int], noise: Tensor) -> Tensor {
    let own = pictures(of: images)
    guard let mask else { return own }
    let pixels = mask.count
    var masked = own
    masked.withUnsafeMutablePointer { target in
      noise.withUnsafePointer { noise in
        mask.withUnsafePointer { mask in
          for i in 0..<own.count where mask[i % pixels] != 0 { target[i] = noise[i] }
        }
      }
    }
    return masked
  }

  /// Whether sampling starts from the images themselves, where they are completed (Saharia et al. 2022, "Palette", as
  /// in the code base that this follows).
  var startsSampling: Bool { mask != nil }

  /// What is kept of the images after each step, without noise.
  func constraint(_ images: [Int]) -> InpaintingConstraint? {
    mask.map { InpaintingConstraint(pictures(of: images), drawnWhere: $0, addsNoise: false) }
  }

  private func pictures(of images: [Int]) -> Tensor { pictures.gatheringRows(images.map { $0 % pictures.shape[0] }) }
}
