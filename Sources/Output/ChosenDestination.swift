import DiffusionFiles
import Sampling

extension OutputDestination {
  /// Where a plan's images go, as requested or by default.
  ///
  /// - Throws: `OutputError`, `FileError`.
  init(_ plan: SamplingPlan, _ request: OutputRequest) throws {
    var destination = request.destination ?? Self.usual(plan, request)
    // `--out pictures.png` is a folder if one of that name exists.
    if destination.format == PNGSink.format, !destination.isStandardOutput, request.destination != nil,
      try kind(ofPath: destination.path) == .folder
    {
      destination = OutputDestination(FileEachSink.format, path: destination.path)
    }
    self = destination
    guard isFolder else { return }
    switch try kind(ofPath: path) {
    case .folder: break
    case .file: throw OutputError.notAFolder(path: path)
    // A name with a slash behind it cannot be meant for anything else.
    case .nothing: if !path.hasSuffix("/") { throw OutputError.noDestination(path: path) }
    }
    if request.sheet != nil { throw OutputError.sheetInFolder(path: path) }
  }

  /// `sample.png`, or the name that `image_sample.py` gives its file: `samples_64x32x32x3.npz`. That of a part has its
  /// number.
  private static func usual(_ plan: SamplingPlan, _ request: OutputRequest) -> OutputDestination {
    let part = plan.request.shard.map { $0.count == 1 ? "" : "_\($0.number)of\($0.count)" } ?? ""
    guard request.isUpstreamRun && request.sheet == nil else {
      return OutputDestination(PNGSink.format, path: "sample\(part).png")
    }
    let shape = [plan.indices.count] + plan.pictureShape.dropFirst() + plan.pictureShape.prefix(1)
    return OutputDestination(
      NPZSink.format, path: "samples_\(shape.map(String.init).joined(separator: "x"))\(part).npz")
  }
}

/// Refuses files that already exist, unless they are to be kept or replaced.
///
/// - Throws: `OutputError.exists`, `FileError`.
func checkNoneExists(_ pattern: OutputPattern, _ plan: SamplingPlan, _ request: OutputRequest) throws {
  if request.overwrite || request.resume { return }
  guard let image = try imagesThatExist(pattern, plan.indices).first else { return }
  throw OutputError.exists(option: "--out", path: pattern.path(for: image), canResume: plan.canBeContinued)
}

/// The images whose files already exist, in order.
func imagesThatExist(_ pattern: OutputPattern, _ indices: ImageIndices) throws -> [Int] {
  // For many images, listing the folder is faster than checking each file.
  if indices.count > 1000, let folder = pattern.folder {
    guard try folder.isEmpty || kind(ofPath: folder) == .folder else { return [] }
    let images = try namesInFolder(folder.isEmpty ? "." : folder).compactMap { pattern.image(of: folder + $0) }
    return images.filter(indices.contains(image:)).sorted()
  }
  return try indices.filter { try kind(ofPath: pattern.path(for: $0)) != .nothing }
}
