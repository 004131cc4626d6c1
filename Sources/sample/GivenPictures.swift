import DiffusionCommandLine
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import TensorCore

/// Pictures that a command line names, as a model takes them.
struct InputImages {
  /// `[N, C, H, W]` in [-1, 1], of the model's size.
  let pictures: Tensor
  /// Where each is from.
  let names: [Name]
  /// The class of each, where its file says it.
  private let labels: [Int?]

  /// A picture in a file that may hold several.
  struct Name: Equatable {
    let file: String
    /// Its number in the file, from 0.
    let index: Int
    /// How many the file holds.
    let count: Int

    /// What to call it.
    var text: String { count == 1 ? file : "\(file)[\(index)]" }
  }

  /// How many.
  var count: Int { names.count }

  /// Reads files in their order, each a PNG or an array of pictures as `--low-res` takes them.
  ///
  /// - Throws: `ImageError`; `SettingsError` for pictures of another size, or a model that takes none like these.
  init(_ files: [String], for model: Model) throws {
    let settings = model.settings
    guard settings.kind != .superResolution else {
      throw SettingsError(
        "\(model.name): enlarges pictures; give a model that draws them from noise alone")
    }
    var parts: [Tensor] = []
    var names: [Name] = []
    var labels: [Int?] = []
    for file in files {
      let found = try readLowResolution(file, channels: settings.unet.imageChannels)
      let (count, height, width) = (found.pictures.shape[0], found.pictures.shape[2], found.pictures.shape[3])
      guard height == settings.imageSize, width == settings.imageSize else {
        throw SettingsError(
          "\(file): has \(width)×\(height) pixels, but \(model.name) draws \(settings.imageSize)×\(settings.imageSize); scale it to that size first"
        )
      }
      if let classes = settings.unet.numClasses, let stray = found.labels?.first(where: { !(0..<classes).contains($0) })
      {
        throw SettingsError(
          "\(file): has the label \(stray), but \(model.name) has \(classes) classes, 0 to \(classes - 1)")
      }
      parts.append(found.pictures)
      names += (0..<count).map { Name(file: file, index: $0, count: count) }
      labels += found.labels.map { $0.map(Optional.some) } ?? [Int?](repeating: nil, count: count)
    }
    pictures = Tensor.stacked(parts)
    (self.names, self.labels) = (names, labels)
  }

  /// The class of each picture, of a class-conditional model: as asked for, as its file says it, or the one that stands for none.
  ///
  /// - Parameter takesNone: whether a picture may be of no class, if the model knows that.
  /// - Throws: `UsageError`, `SettingsError`.
  func classes(_ items: [String]?, _ model: Model, takesNone: Bool) throws -> [Int]? {
    let settings = model.settings
    guard let classCount = settings.unet.numClasses else {
      if items != nil { throw SettingsError("--class: \(model.name) has no classes; leave --class out") }
      return nil
    }
    if let items {
      let asked = try selectClasses(
        items, count: classCount, names: settings.classNames, nullClass: settings.nullClass)
      guard asked.count == 1 || asked.count == count else {
        throw SettingsError(
          "--class: \(asked.count) classes are given for \(count == 1 ? "one picture" : "\(count) pictures"); type one for all\(count == 1 ? "" : ", or one for each")"
        )
      }
      return asked.count == 1 ? [Int](repeating: asked[0], count: count) : asked
    }
    return try labels.enumerated().map { n, label in
      if let label = label ?? (takesNone ? settings.nullClass : nil) { return label }
      throw SettingsError(
        "\(names[n].text): \(model.name) needs to know what it shows; type --class and its class, for instance --class \(settings.name(ofClass: settings.drawableClasses.first ?? 0))"
      )
    }
  }
}
