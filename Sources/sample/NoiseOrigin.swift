import DiffusionCommandLine
import DiffusionImages

/// What the noise of images was made of, if it is neither drawn for each nor given.
enum NoiseOrigin {
  /// Of these pictures, one for each image.
  case pictures([InputImages.Name])
  /// Of what lies between two.
  case interpolation(InterpolationEnds, frames: Int)

  /// The number by which the command in `arguments` knows an image.
  func number(ofImage image: Int) -> Int {
    switch self {
    case .pictures(let names): names[image].index
    case .interpolation: image
    }
  }

  /// The command that draws an image, or for nil the sheet of all, as `Provenance` holds it.
  func arguments(_ plan: Plan, image: Int?, label: Int?) -> [String] {
    var words: [String]
    switch self {
    case .pictures(let names):
      if let image {
        words = ["reconstruct", names[image].file] + (names[image].count > 1 ? ["--grid"] : [])
      } else {
        words = ["reconstruct"] + names.filter { $0.index == 0 }.map(\.file) + plan.options.gridArguments
      }
    case .interpolation(let ends, let frames):
      words = ["interpolate"]
      switch ends {
      case .pictures(let a, let b): words += [a, b]
      case .seeds(let seeds):
        words += ["--seed", "\(seeds.first)..\(seeds.last)"]
        if plan.model.settings.nullClass != nil { words += ["--guidance", "\(plan.guidance)"] }
      }
      words += ["--frames", "\(frames)"] + (image == nil ? plan.options.gridArguments : [])
    }
    words += plan.sameDrawingArguments(classes: label.map { [$0] } ?? plan.classes)
    if plan.options.scale != 1 { words += ["--scale", "\(plan.options.scale)"] }
    return words
  }
}

extension Plan {
  /// What draws in the same way from given noise: the steps, the classes of the images, the model's flags, but not the model.
  func sameDrawingArguments(classes: [Int]?) -> [String] {
    var words = stepArguments
    if let spacing = options.spacing { words += ["--spacing", spacing.rawValue] }
    if let classes, let first = classes.first {
      let isOne = classes.allSatisfy { $0 == first }
      words += ["--class", isOne ? "\(first)" : classes.map(String.init).joined(separator: ",")]
    }
    if options.clipDenoised == false { words.append("--no-clip") }
    return words + options.modelWords.sorted { $0.key < $1.key }.map { "--\($0.key)=\($0.value)" }
  }
}

extension Options {
  /// How images stand on a sheet.
  fileprivate var gridArguments: [String] {
    if case .columns(let columns)? = grid { ["--grid", "\(columns)"] } else { ["--grid"] }
  }
}
