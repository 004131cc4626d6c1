import DiffusionFiles
import DiffusionImages
import TensorCore

/// What a super-resolution model enlarges.
struct LowResolutionImages: Sendable {
  /// The pictures of each file, `[N, C, h, w]`; sizes may differ from file to file.
  private let parts: [Tensor]
  /// The class of each, if all files have labels.
  let labels: [Int]?
  /// Where they come from.
  let files: PictureFiles

  /// Nil if the model draws from noise alone.
  ///
  /// - Throws: `SamplingError`, also if the request has no images for a model that needs them, or has some for another.
  init?(_ request: SamplingRequest, _ model: DiffusionModel) throws(SamplingError) {
    let specification = model.specification
    guard let path = request.lowRes else {
      guard specification.task != .superResolution else { throw .nothingToEnlarge(model: model.name) }
      return nil
    }
    guard specification.task == .superResolution else { throw .enlargesNothing(model: model.name) }
    var files = try PictureFiles("low-res", path)
    var parts: [Tensor] = []
    var labels: [[Int]?] = []
    for file in files.files {
      let bytes = try inSamplingTerms { () throws(FileError) in try readFile(file) }
      let found = try inSamplingTerms {
        try readLowResolution(bytes, path: file, channels: specification.imageChannels)
      }
      let (height, width) = (found.pictures.shape[2], found.pictures.shape[3])
      guard height <= specification.imageSize, width <= specification.imageSize else {
        throw .lowResSize(path: file, width: width, height: height, model: model.name, size: specification.imageSize)
      }
      try model.checkLabels(found.labels, of: file)
      files.add(bytes, pictures: found.pictures.shape[0])
      parts.append(found.pictures)
      labels.append(found.labels)
    }
    (self.parts, self.files) = (parts, files)
    let all = labels.compactMap(\.self)
    self.labels = all.count == labels.count ? all.flatMap(\.self) : nil
  }

  /// The inputs of a batch, upsampled bilinearly: `[N, C, height, width]`.
  func enlarged(_ images: [Int], height: Int, width: Int) -> Tensor {
    Tensor.stacked(
      images.map { image in
        let (file, row) = files.place(ofPicture: image)
        return parts[file].rows(row..<row + 1).bilinear(height: height, width: width)
      })
  }
}
