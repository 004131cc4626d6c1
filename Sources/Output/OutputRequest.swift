import DiffusionImages
import DiffusionText
import Sampling

/// Where images go and how they are presented.
public struct OutputRequest: Sendable, Equatable {
  /// Where the images go; if nil, `sample.png`, or with `isUpstreamRun` a `.npz` named after its shape.
  public var destination: OutputDestination?
  /// Set to arrange all images on one sheet.
  public var sheet: SheetLayout?
  /// Enlargement of each pixel, ≥ 1.
  public var scale = 1
  /// File for an animation of the denoising.
  public var frames: String?
  /// File for denoising steps side by side.
  public var strip: String?
  /// Bits of each sample of a PNG: 8 or 16.
  public var bits = 8
  /// Whether existing files may be replaced, which a single picture always may.
  public var overwrite = false
  /// Whether to keep images that are already on disk.
  public var resume = false
  /// Whether to record in each image how it was drawn.
  public var metadata = true
  /// File that gets a line of JSON per image; `-` for standard output.
  public var log: String?
  /// Whether the log's file may be there already, since the same program began it.
  public var appendsLog = false
  /// File for statistics of the run.
  public var stats: String?
  /// Whether the count was given by the original scripts' flag, in which case the default `destination` is theirs.
  public var isUpstreamRun = false

  /// The defaults.
  public init() {}

  /// One sentence on what is wrong with it regardless of the model; nil if nothing is.
  ///
  /// - Parameters:
  ///   - images: how many are drawn.
  ///   - isTorch: whether the noise comes from PyTorch's stream.
  public func problem(images: Int, isTorch: Bool = false) -> String? {
    if !(1...1024).contains(scale) {
      return "--scale: \(scale) is out of range; type --scale with a number from 1 to 1024"
    }
    let allowed = SheetLayout.columnsAllowed
    if let columns = sheet?.columns, !allowed.contains(columns) {
      return "--grid: \(columns) is out of range; type --grid with a number from 1 to \(allowed.upperBound)"
    }
    if resume && isTorch {
      return
        """
        --resume draws a part of a run, but with --rng torch each image depends on those before it; \
        leave one of them out
        """
    }
    if resume && overwrite {
      return "--resume keeps files that exist and --overwrite replaces them; type only one of them"
    }
    if resume, destination?.format.holds ?? .picture == .picture, !(destination == nil && isUpstreamRun) {
      return Self.resumeNeedsFiles
    }
    if bits != 8 && bits != 16 { return "--bits: \(bits) is neither 8 nor 16; type --bits 16, or leave it out" }
    return viewProblem ?? namesProblem ?? contentsProblem(images: images)
  }

  /// What --resume can go on with.
  static let resumeNeedsFiles =
    "--resume needs one file per image, or an archive; type for instance --out 'img-%05d.png' or --out images.npz"

  private func contentsProblem(images: Int) -> String? {
    switch destination?.format.holds ?? .picture {
    case .arrays:
      let path = destination?.path ?? ""
      if sheet != nil { return "--grid makes a picture, but \(path) holds arrays; type --out sheet.png" }
      if scale != 1 {
        return
          "--scale enlarges pictures, but \(path) holds arrays; leave --scale out, or type --out img.png"
      }
      if bits != 8 { return "--bits is for pictures, but \(path) holds arrays; leave it out, or type --out img.png" }
    case .archive where sheet != nil:
      return "--grid makes one sheet of all images, but an archive holds one file per image; type --out sheet.png"
    case .fileEach where sheet != nil:
      return "--grid makes one sheet of all images, but --out asks for one file per image; type --out sheet.png"
    case .picture where images > 1 && sheet == nil && !(destination == nil && isUpstreamRun):
      return
        """
        \(images) images do not fit into one file; type --out \(numbered) for one file per image, \
        or --grid for one sheet
        """
    default: break
    }
    return nil
  }

  /// The single file's name with a number, to paste.
  private var numbered: String {
    let name = destination.flatMap { $0.isStandardOutput ? nil : $0.path } ?? "img.png"
    return shellQuoted(operand(name.dropLast(".png".count) + "-%05d.png"))
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
      case .fileEach: "--out asks for one file per image"
      case .archive: "\(destination?.path ?? "") holds one file per image"
      case .arrays: "\(destination?.path ?? "") holds arrays"
      }
    if let other {
      return
        """
        \(first.name) shows the denoising of one image or sheet, but \(other); \
        type for instance --out img.png, or leave \(first.name) out
        """
    }
    return nil
  }

  /// Two files with one name, as far as the words tell; `CommandFiles` asks the disk.
  private var namesProblem: String? {
    let printed = [("--out", destination?.path), ("--log", log), ("--stats", stats)].filter { $0.1 == "-" }.map(\.0)
    if printed.count > 1 { return OutputError.mixedOutput(printed[0], printed[1]).description }
    let out = destination.map { $0.isStandardOutput ? nil : $0.path } ?? "sample.png"
    let files = [("--out", out), ("--frames", frames), ("--strip", strip), ("--stats", stats), ("--log", log)]
    var written: [(name: String, path: String)] = []
    for case (let name, let path?) in files where path != "-" {
      if let other = written.first(where: { plain($0.path) == plain(path) }) {
        return OutputError.sameFile(other.name, name, path: path).description
      }
      written.append((name, path))
    }
    return nil
  }

  /// The path without `.` and empty components.
  private func plain(_ path: String) -> String {
    (path.hasPrefix("/") ? "/" : "") + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }
}
