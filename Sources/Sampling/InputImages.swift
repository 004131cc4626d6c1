import DiffusionImages
import TensorCore

/// Images named in a request, to encode or measure.
public struct InputImages: Sendable {
  /// `[N, C, H, W]` in [-1, 1], at the model's size.
  public let pictures: Tensor
  /// Where each one comes from.
  public let names: [Name]
  /// The class of each, if its file has labels.
  private let labels: [Int?]

  /// An image in a file that may hold several.
  public struct Name: Sendable, Equatable {
    /// The file's path.
    public let file: String
    /// Its position in the file, from 0.
    public let index: Int
    /// How many images the file holds.
    public let count: Int

    /// How to refer to it.
    public var text: String { count == 1 ? file : "\(file)[\(index)]" }
  }

  /// The number of images.
  public var count: Int { names.count }

  /// Reads files in order, each a PNG or an array in a format that `SamplingRequest.lowRes` accepts.
  ///
  /// - Throws: `SamplingError`, also if the size is not the model's or the model is for super-resolution.
  public init(_ files: [String], for model: DiffusionModel) throws(SamplingError) {
    let specification = model.specification
    guard specification.task != .superResolution else { throw .inputsToEnlarge(model: model.name) }
    guard specification.conditionChannels == 0 else {
      throw .request("\(model.name): draws from images, and encodes and measures none; give another model")
    }
    guard specification.autoencoder == nil else {
      throw .request("\(model.name): draws latents, and encodes and measures no pictures; give another model")
    }
    var parts: [Tensor] = []
    var names: [Name] = []
    var labels: [Int?] = []
    for file in files {
      let found = try inSamplingTerms { try readLowResolution(file, channels: specification.imageChannels) }
      let (count, height, width) = (found.pictures.shape[0], found.pictures.shape[2], found.pictures.shape[3])
      guard height == specification.imageSize, width == specification.imageSize else {
        throw .inputSize(path: file, width: width, height: height, model: model.name, size: specification.imageSize)
      }
      try model.checkLabels(found.labels, of: file)
      parts.append(found.pictures)
      names += (0..<count).map { Name(file: file, index: $0, count: count) }
      labels += found.labels.map { $0.map(Optional.some) } ?? [Int?](repeating: nil, count: count)
    }
    pictures = Tensor.stacked(parts)
    (self.names, self.labels) = (names, labels)
  }

  /// The class of each image for a class-conditional model: as requested, else the file's label, else the null class.
  ///
  /// - Parameter takesNone: whether the null class may stand in for a missing label.
  /// - Throws: `SamplingError`.
  func classes(
    _ selections: [ClassSelection]?, _ model: DiffusionModel, takesNone: Bool
  ) throws(SamplingError) -> [Int]? {
    guard let known = model.classes else {
      if selections != nil { throw .noClasses(model: model.name) }
      return nil
    }
    if let selections {
      let asked = try known.indices(of: selections)
      guard asked.count == 1 || asked.count == count else { throw .inputClasses(asked.count, pictures: count) }
      return asked.count == 1 ? [Int](repeating: asked[0], count: count) : asked
    }
    var classes: [Int] = []
    for (n, label) in labels.enumerated() {
      guard let label = label ?? (takesNone ? known.nullClass : nil) else {
        let specification = model.specification
        throw .inputClassUnknown(
          picture: names[n].text, model: model.name,
          example: specification.name(ofClass: specification.drawableClasses.first ?? 0))
      }
      classes.append(label)
    }
    return classes
  }
}
