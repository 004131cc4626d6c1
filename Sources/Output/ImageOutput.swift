import DiffusionFiles
import DiffusionImages
import Sampling

/// Writes images as soon as they are finished, to the sink of their format and to the log.
public struct ImageOutput {
  private let plan: SamplingPlan
  private let request: OutputRequest
  /// Where they go, as requested or by default.
  public let destination: OutputDestination
  private let program: OutputProgram
  private var sink: (any ImageSink)?
  private var log: RunLog?
  private var firstLabel: Int?

  /// Checks, before anything is drawn, that the images can be written.
  ///
  /// - Throws: `OutputError`, `ImageError`, `FileError`.
  public init(
    _ plan: SamplingPlan, _ request: OutputRequest, _ program: OutputProgram
  ) throws {
    let isTorch = plan.request.noiseStream == .torch
    if let problem = request.problem(images: plan.indices.count, isTorch: isTorch) {
      throw OutputError.request(problem)
    }
    (self.plan, self.request, self.program) = (plan, request, program)
    destination = try Self.destination(plan, request)
    if destination.format.holds != .arrays {
      let channels = plan.pictureShape[0]
      if channels != 1 && channels != 3 { throw ImageError.channels(channels) }
      try checkSheet(
        of: request.sheet == nil ? 1 : max(1, plan.indices.count), columns: request.sheet?.columns,
        width: plan.pictureShape[2], height: plan.pictureShape[1], scale: request.scale)
    }
    if let pattern = destination.pattern { try Self.check(pattern, plan, request) }
  }

  /// Whether each image has a file of its own.
  public var isFileEach: Bool { destination.format.holds == .fileEach }

  /// The first or only file; nil for standard output.
  private var first: String? {
    if let pattern = destination.pattern { return pattern.path(for: plan.indices.first ?? 0) }
    return destination.isStandardOutput ? nil : destination.path
  }

  /// What the last line of a run calls it.
  public var name: String { (first ?? "standard output") + (isFileEach && plan.indices.count > 1 ? " …" : "") }

  /// Opens the sink and the log, and removes temporary files left by killed processes.
  ///
  /// - Throws: `FileError`.
  public mutating func open() throws {
    sink = try destination.format.makeSink(
      SinkSetup(plan: plan, destination: destination, request: request, program: program))
    log = try request.log.map { try RunLog(path: $0) }
    if let first { AtomicFile.removeStaleTemporaries(besides: first) }
  }

  /// Whether an image is already on disk and is to be kept.
  ///
  /// - Throws: `OutputError.drawnOtherwise` if the file is intact but shows something else.
  public func isWritten(_ index: Int) throws -> Bool { try request.resume && sink?.isWritten(index) ?? false }

  /// Writes a finished batch.
  ///
  /// - Throws: `FileError`, `ImageError`.
  public mutating func append(_ batch: ImageGenerator.Batch, time: Duration) throws {
    for n in batch.images.indices {
      let image = GeneratedImage(batch, n, of: plan)
      firstLabel = firstLabel ?? image.label
      try sink?.append(image)
      try log?.add(
        RunLog.Line(
          file: sink?.file(of: image.index) ?? name, image: image.index, seed: plan.seed, label: image.label,
          seconds: time.seconds / Double(batch.images.count)))
    }
  }

  /// Completes the output.
  ///
  /// - Throws: `FileError`, `ImageError`.
  public mutating func finish() throws { try sink?.finish() }

  /// The text chunks of a view of the image or sheet.
  func chunks(view: Provenance.View) -> [(key: String, value: String)] {
    plan.sheetChunks(request, label: firstLabel, view: view)
  }

  /// Where the images go, as requested or by default.
  private static func destination(_ plan: SamplingPlan, _ request: OutputRequest) throws -> OutputDestination {
    var destination = request.destination ?? usualDestination(plan, request)
    // `--out pictures.png` is a folder if one of that name exists.
    if destination.format == PNGSink.format, !destination.isStandardOutput, request.destination != nil,
      try kind(ofPath: destination.path) == .folder
    {
      destination = OutputDestination(FileEachSink.format, path: destination.path)
    }
    guard destination.isFolder else {
      if destination.pattern == nil && !destination.isStandardOutput { try requireFolder(of: destination.path) }
      return destination
    }
    switch try kind(ofPath: destination.path) {
    case .folder: break
    case .file: throw OutputError.notAFolder(path: destination.path)
    case .nothing: throw OutputError.noDestination(path: destination.path)
    }
    if request.sheet != nil { throw OutputError.sheetInFolder(path: destination.path) }
    return destination
  }

  /// `sample.png`, or the name that `image_sample.py` gives its file: `samples_64x32x32x3.npz`.
  private static func usualDestination(_ plan: SamplingPlan, _ request: OutputRequest) -> OutputDestination {
    guard request.isUpstreamRun && request.sheet == nil else {
      return OutputDestination(PNGSink.format, path: "sample.png")
    }
    let shape = [plan.indices.count] + plan.pictureShape.dropFirst() + plan.pictureShape.prefix(1)
    return OutputDestination(
      NPZSink.format, path: "samples_\(shape.map(String.init).joined(separator: "x")).npz")
  }

  /// Refuses files that already exist, unless they are to be kept or replaced.
  private static func check(_ pattern: OutputPattern, _ plan: SamplingPlan, _ request: OutputRequest) throws {
    if let first = plan.indices.first { try requireFolder(of: pattern.path(for: first)) }
    if request.overwrite || request.resume { return }
    guard let image = try firstThatExists(pattern, plan.indices) else { return }
    // Images drawn from inputs cannot be resumed.
    throw OutputError.exists(path: pattern.path(for: image), canResume: plan.request.source == .noise)
  }

  /// The first image whose file already exists.
  private static func firstThatExists(_ pattern: OutputPattern, _ indices: ImageIndices) throws -> Int? {
    // For many images, listing the folder is faster than checking each file.
    if indices.count > 1000, let folder = pattern.folder {
      let images = try namesInFolder(folder.isEmpty ? "." : folder).compactMap { pattern.image(of: folder + $0) }
      return images.filter(indices.contains(image:)).min()
    }
    return try indices.first { try kind(ofPath: pattern.path(for: $0)) != .nothing }
  }
}

extension SamplingPlan {
  /// The image, or the sheet of all, enlarged as requested.
  func sheet(_ pictures: [Picture], _ request: OutputRequest) throws(ImageError) -> Picture {
    let arranged = request.sheet == nil ? pictures[0] : try grid(pictures, columns: request.sheet?.columns)
    return try arranged.enlarged(by: request.scale)
  }

  /// The text chunks of the image or sheet.
  func sheetChunks(
    _ request: OutputRequest, label: Int?, view: Provenance.View? = nil
  ) -> [(key: String, value: String)] {
    guard request.metadata else { return [] }
    let isSheet = request.sheet != nil
    return textChunks(
      image: isSheet ? nil : indices.first, label: isSheet ? nil : label, sheet: request.sheet, scale: request.scale,
      view: view)
  }
}

/// Checks that the folder of a file exists.
///
/// - Parameters:
///   - path: the file.
///   - option: the option that names it.
/// - Throws: `OutputError.noFolder`.
public func requireFolder(of path: String, _ option: String = "--out") throws {
  guard let slash = path.lastIndex(of: "/") else { return }
  let folder = String(path[..<slash])
  if !folder.isEmpty, try kind(ofPath: folder) != .folder { throw OutputError.noFolder(option: option, folder) }
}
