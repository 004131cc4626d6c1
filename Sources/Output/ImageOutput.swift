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
  /// What an interruption leaves of the archive; nil for other outputs.
  private let unfinished: UnfinishedArchive?
  private var record: UnfinishedArchive.Record
  /// Where the archive grows.
  private var file: AtomicFile?
  /// Whether the archive is complete already, with what would be drawn.
  private var isComplete = false
  /// What cannot be told of images that are kept; nil if nothing is left open.
  public private(set) var remark: String?
  /// Whether it is this process that has begun the archive.
  private var beganArchive = false

  /// Checks, before anything is drawn, that the images can be written.
  ///
  /// - Parameters:
  ///   - plan: the images to draw.
  ///   - request: where they go.
  ///   - program: services that outputs need of it.
  ///   - reading: files that the command reads besides those of the plan.
  /// - Throws: `OutputError`, `ImageError`, `FileError`.
  public init(
    _ plan: SamplingPlan, _ request: OutputRequest, _ program: OutputProgram,
    reading: [(option: String, path: String)] = []
  ) throws {
    let isTorch = plan.request.noiseStream == .torch
    if let problem = request.problem(images: plan.indices.count, isTorch: isTorch) {
      throw OutputError.request(problem)
    }
    (self.plan, self.request, self.program) = (plan, request, program)
    destination = try OutputDestination(plan, request)
    if destination.format.holds != .arrays {
      let channels = plan.pictureShape[0]
      if !(1...4).contains(channels) { throw ImageError.channels(channels) }
      try checkSheet(
        of: request.sheet == nil ? 1 : max(1, plan.indices.count), columns: request.sheet?.columns,
        width: plan.pictureShape[2], height: plan.pictureShape[1], scale: request.scale)
    }
    if let pattern = destination.pattern { try checkNoneExists(pattern, plan, request) }
    record = UnfinishedArchive.Record(
      drawing: Provenance(plan, image: nil, label: nil, scale: request.scale, bits: request.bits),
      metadata: request.metadata, replaces: request.overwrite)
    let goesOn = destination.format.goesOn != nil && plan.canBeContinued
    unfinished = goesOn ? UnfinishedArchive(path: destination.path) : nil
    if request.resume, !goesOn, !isFileEach { throw OutputError.request(OutputRequest.resumeNeedsFiles) }
    var files = CommandFiles()
    for (option, path) in plan.inputFiles + reading { files.read(option, path) }
    if let pattern = destination.pattern {
      files.writeEach(pattern, plan.indices)
    } else if try isFinished() {
      isComplete = true
    } else {
      files.write("--out", destination.path, ifThere: try existing())
      if let unfinished {
        for path in unfinished.paths { files.write("--out", path, ifThere: .append) }
      }
    }
    let view: CommandFiles.Existing = request.overwrite ? .replace : .keep()
    files.write("--frames", request.frames, ifThere: view)
    files.write("--strip", request.strip, ifThere: view)
    files.write("--log", request.log, ifThere: try existingLog())
    files.write("--stats", request.stats, ifThere: try existingStatistics())
    try files.check()
  }

  /// Whether --resume is of use where files are there already.
  private var canResume: Bool { isFileEach && plan.canBeContinued }

  /// What may be done with a log that is there already.
  private func existingLog() throws -> CommandFiles.Existing {
    if request.overwrite && !appendsToLog { return .replace }
    guard let path = request.log, path != "-", try kind(ofPath: path) == .file else { return .append }
    let isOurs = RunLog.isLog(path)
    if appendsToLog { return isOurs ? .append : .foreign(expected: "the log of a run") }
    return .keep(canResume: canResume && isOurs)
  }

  /// What may be done with statistics that are there already.
  private func existingStatistics() throws -> CommandFiles.Existing {
    guard !request.overwrite, let path = request.stats, path != "-", try kind(ofPath: path) == .file else {
      return .replace
    }
    let isOurs = Statistics.areThere(path, of: plan)
    if request.resume { return isOurs ? .replace : .foreign(expected: "the statistics of this run") }
    return .keep(canResume: canResume && isOurs)
  }

  /// Whether lines are added to those that are in the log: of the same run, or of its other parts.
  private var appendsToLog: Bool { request.resume || request.appendsLog || plan.request.shard?.count ?? 1 > 1 }

  /// What may be done with a file that has the name of the single one.
  private func existing() throws -> CommandFiles.Existing {
    if request.overwrite { return .replace }
    switch destination.format.holds {
    // As `cp` would, unless it may be another part's.
    case .picture: return plan.request.shard?.count ?? 1 > 1 ? .keep() : .replace
    case .fileEach, .archive, .arrays: break
    }
    guard let unfinished else { return .keep() }
    if try unfinished.isThere {
      guard request.resume else { throw OutputError.unfinished(path: unfinished.partial) }
      return try unfinished.check(against: record).replaces ? .replace : .keep()
    }
    return .keep()
  }

  /// Whether there is an archive to go on with that is complete.
  ///
  /// - Throws: `OutputError.drawnOtherwise`, `FileError`.
  private mutating func isFinished() throws -> Bool {
    guard request.resume, let unfinished, let sink = destination.format.goesOn, try !unfinished.isThere,
      try kind(ofPath: destination.path) == .file
    else { return false }
    let setup = SinkSetup(plan: plan, destination: destination, request: request, program: program, file: nil)
    if try !sink.checkFinished(setup) {
      remark = "\(destination.path) does not say how it was drawn; only its shape could be compared"
    }
    return true
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

  /// Whether images that are finished stay on disk if the run is interrupted.
  public var keepsImages: Bool { isFileEach || unfinished != nil }

  /// Opens the sink and the log, makes the folder of the images, and removes temporary files left by killed processes.
  ///
  /// - Throws: `FileError`.
  public mutating func open() throws {
    if let pattern = destination.pattern, let folder = pattern.folder, !folder.isEmpty { try makeFolders(folder) }
    if let unfinished, !isComplete {
      let goesOn = try request.resume && unfinished.isThere
      // What it says from the beginning on still holds.
      if goesOn { record = try unfinished.requiredRecord() }
      file = try AtomicFile(continued: destination.path, keeping: goesOn ? record.bytes : 0)
      beganArchive = !goesOn
      // The record first: without it, nobody could go on.
      if !goesOn { try unfinished.write(record) }
    }
    if !isComplete {
      sink = try destination.format.makeSink(
        SinkSetup(plan: plan, destination: destination, request: request, program: program, file: file))
    }
    if let path = request.log {
      let replaces = request.overwrite && !appendsToLog
      log = try path == "-" ? RunLog(program.standardOutput) : RunLog(path: path, replacing: replaces)
    }
    if let first { AtomicFile.removeStaleTemporaries(besides: first) }
  }

  /// Ends an output that is not complete: an archive in which there is no image yet is removed, unless an earlier run
  /// has begun it, whose images may not have been counted yet.
  mutating func abandon(images: Int) {
    (sink, file) = (nil, nil)
    if images == 0, beganArchive { unfinished?.remove() }
  }

  /// Whether an image is already on disk and is to be kept.
  ///
  /// - Throws: `OutputError.drawnOtherwise` if the file is intact but shows something else.
  public func isWritten(_ index: Int) throws -> Bool {
    try isComplete || request.resume && sink?.isWritten(index) ?? false
  }

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
    if let unfinished, let file {
      try file.synchronize()
      record.bytes = file.position
      try unfinished.write(record)
    }
  }

  /// Completes the output.
  ///
  /// - Throws: `FileError`, `ImageError`.
  public mutating func finish() throws {
    try sink?.finish()
    try unfinished?.removeRecord()
  }

  /// The text chunks of a view of the image or sheet.
  func chunks(view: Provenance.View) -> [(key: String, value: String)] {
    plan.sheetChunks(request, label: firstLabel, view: view)
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
      bits: request.bits, view: view)
  }
}

extension SamplingPlan {
  /// Whether images that are missing can be drawn without the others: not if they are drawn from other images' noise.
  var canBeContinued: Bool { request.source == .noise && request.noiseStream == .philox }
}
