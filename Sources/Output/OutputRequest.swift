import DiffusionImages
import Sampling

/// Where images go and how they look there, besides what is drawn.
public struct OutputRequest: Sendable, Equatable {
  /// Where the images go; `sample.png` if nil, or for `isUpstreamRun` a `.npz` named by its shape.
  public var destination: OutputDestination?
  /// One sheet of all images.
  public var sheet: SheetLayout?
  /// Enlargement, ≥ 1.
  public var scale = 1
  /// Where an animation of the denoising goes.
  public var frames: String?
  /// Where steps of the denoising go, side by side.
  public var strip: String?
  /// Whether files that exist may be replaced, where there is a file for each image.
  public var overwrite = false
  /// Whether images that are there already are kept.
  public var resume = false
  /// Whether the images say what drew them.
  public var metadata = true
  /// Where a line for each image goes.
  public var log: String?
  /// Where figures about the run go.
  public var stats: String?
  /// Whether the number of images was given as the original's scripts take it: without `destination` images go where theirs do.
  public var isUpstreamRun = false

  /// The defaults.
  public init() {}

  /// What can be said against it for so many images, without knowing the model, in one sentence; nil if nothing can.
  ///
  /// - Parameters:
  ///   - images: how many are drawn.
  ///   - isTorch: whether the images are drawn from PyTorch's stream.
  public func problem(images: Int, isTorch: Bool = false) -> String? {
    if resume && isTorch {
      return
        "--resume draws a part of a run, but with --rng torch each image depends on those before it; leave one of them out"
    }
    if resume && overwrite {
      return "--resume keeps files that exist and --overwrite replaces them; type only one of them"
    }
    if resume && destination?.format.holds != .fileEach {
      return "--resume goes on with a file for each image; type for instance --out 'img-%05d.png'"
    }
    return viewProblem ?? contentsProblem(images: images)
  }

  private func contentsProblem(images: Int) -> String? {
    switch destination?.format.holds ?? .picture {
    case .arrays:
      let path = destination?.path ?? ""
      if sheet != nil { return "--grid makes a picture, but \(path) holds arrays; type --out sheet.png" }
      if scale != 1 {
        return
          "--scale enlarges pictures, but \(path) holds arrays; leave --scale out, or type --out img.png"
      }
    case .archive where sheet != nil:
      return "--grid makes one sheet of all images, but an archive holds a file each; type --out sheet.png"
    case .fileEach where sheet != nil:
      return "--grid makes one sheet of all images, but --out asks for a file each; type --out sheet.png"
    case .picture where images > 1 && sheet == nil && !(destination == nil && isUpstreamRun):
      return
        "\(images) images do not fit into one file; type --out 'img-%05d.png' for a file each, or --grid for one sheet"
    default: break
    }
    return nil
  }

  private var viewProblem: String? {
    let views = [("--frames", frames), ("--strip", strip)].compactMap { name, path in
      path.map { (name: name, path: $0) }
    }
    guard let first = views.first else { return nil }
    let other: String? =
      switch destination?.format.holds {
      case nil: isUpstreamRun && sheet == nil ? "without --out an archive is written" : nil
      case .picture: nil
      case .fileEach: "--out asks for a file each"
      case .archive: "\(destination?.path ?? "") holds a file each"
      case .arrays: "\(destination?.path ?? "") holds arrays"
      }
    if let other {
      return
        "\(first.name) shows how one picture or sheet comes about, but \(other); type for instance --out img.png, or leave \(first.name) out"
    }
    var written = [(name: "--out", path: "sample.png")]
    if let destination { written = destination.isStandardOutput ? [] : [("--out", destination.path)] }
    for view in views {
      if let other = written.first(where: { $0.path == view.path }) {
        return "\(other.name) and \(view.name) would both write \(view.path); give one of them another name"
      }
      written.append(view)
    }
    return nil
  }
}
