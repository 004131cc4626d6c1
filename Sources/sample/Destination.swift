import DiffusionCommandLine
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import DiffusionTerminal

/// Where a drawing's images go, each as soon as it is finished: files of their own, an archive that grows, or, for a sheet, memory
/// until all are there.
struct Destination {
  private let plan: Plan
  private let output: OutputDestination
  private var stream: ImageStream?
  private var log: RunLog?
  /// The pictures of a sheet.
  private var pictures: [Picture] = []
  private var firstLabel: Int?

  /// Looks before anything is drawn whether the images can go there.
  ///
  /// - Throws: `SettingsError`, `ImageError`, `UsageError`.
  init(_ plan: Plan) throws {
    self.plan = plan
    output = try plan.output()
    switch output {
    case .npz, .npy: break
    default:
      let channels = plan.imageShape[0]
      if channels != 1 && channels != 3 { throw ImageError.channels(channels) }
      try plan.checkSheet()
    }
    if let pattern { try Self.check(pattern, plan) }
  }

  /// Whether each image has a file of its own.
  var isFileEach: Bool { pattern != nil }

  /// What the images are called, where each has a file of its own.
  private var pattern: OutputPattern? {
    switch output {
    case .pattern(let pattern): pattern
    case .folder(let path): .inFolder(path)
    default: nil
    }
  }

  /// The first file, or the only one; nil where images go to standard output.
  private var first: String? {
    switch output {
    case .png(let path), .npz(let path), .npy(let path), .tar(let path): path
    case .folder, .pattern: pattern?.path(for: plan.numbers.first ?? 0)
    case .standardOutput: nil
    }
  }

  /// For the last line of a run.
  var name: String { (first ?? "standard output") + (isFileEach && plan.numbers.count > 1 ? " …" : "") }

  /// Opens what is written while the images are drawn, and clears away what killed processes left.
  ///
  /// - Throws: `ImageError`, `SettingsError`.
  mutating func open() throws {
    stream = try ImageStream(plan, output)
    log = try plan.options.log.map { try RunLog(path: $0) }
    if let first { AtomicFile.removeStaleTemporaries(besides: first) }
  }

  /// Whether an image is there already, if it is to be kept.
  ///
  /// - Throws: `SettingsError` for a file that is whole, but was drawn otherwise.
  func isThere(_ image: Int) throws -> Bool {
    guard plan.options.resume, let path = pattern?.path(for: image), try kind(ofPath: path) == .file else {
      return false
    }
    return try plan.isThere(image, path: path)
  }

  /// Takes a finished batch.
  ///
  /// - Throws: `ImageError`, `SettingsError`.
  mutating func add(_ batch: Drawing.Batch, time: Duration) throws {
    for (n, image) in batch.images.enumerated() {
      let label = batch.labels?[n]
      var file = name
      if let pattern {
        file = pattern.path(for: image)
        try writeAtomically(try png(batch, n), to: file)
      } else if let stream {
        try stream.add(batch, n) { try png(batch, n) }
      } else {
        pictures.append(try Picture(batch.x, n))
        firstLabel = firstLabel ?? label
      }
      try log?.add(
        RunLog.Line(
          file: file, image: image, seed: plan.seed, label: label,
          seconds: time.seconds / Double(batch.images.count)))
    }
  }

  private func png(_ batch: Drawing.Batch, _ n: Int) throws -> [UInt8] {
    try Picture(batch.x, n).enlarged(by: plan.options.scale).png(
      text: try plan.chunks(image: batch.images[n], label: batch.labels?[n]))
  }

  /// Writes what is one file.
  ///
  /// - Throws: `ImageError`.
  mutating func finish() throws {
    try stream?.finish()
    switch output {
    case .png(let path): try writeAtomically(try sheet(), to: path)
    case .standardOutput: try writeToStandardOutput(try sheet())
    case .folder, .pattern, .npz, .npy, .tar: break
    }
  }

  /// The one image, or the sheet of all.
  private func sheet() throws -> [UInt8] { try plan.sheet(pictures).png(text: try chunks()) }

  /// What the one image, or the sheet, says of itself; `besides` are the options that draw something else of it.
  func chunks(besides: [String] = []) throws -> [(key: String, value: String)] {
    let isSheet = plan.options.grid != nil
    return try plan.chunks(
      image: isSheet ? nil : plan.numbers.first, label: isSheet ? nil : firstLabel, besides: besides)
  }

  /// Files of the pattern that are there already must be meant to be.
  private static func check(_ pattern: OutputPattern, _ plan: Plan) throws {
    if let first = plan.numbers.first { try requireFolder(of: pattern.path(for: first)) }
    if plan.options.overwrite || plan.options.resume { return }
    guard let image = try firstThatExists(pattern, plan.numbers) else { return }
    // What is drawn from pictures is drawn in one go.
    let resume = plan.origin == nil ? "--resume to keep what is there and draw the rest, " : ""
    throw SettingsError(
      "--out: \(pattern.path(for: image)) exists; type \(resume)--overwrite to replace it, or choose another --out")
  }

  /// The first image of which there is a file already.
  private static func firstThatExists(_ pattern: OutputPattern, _ numbers: ImageIndices) throws -> Int? {
    // Of very many, the folder says sooner which there are.
    if numbers.count > 1000, let folder = pattern.folder {
      let images = try namesInFolder(folder.isEmpty ? "." : folder).compactMap { pattern.image(of: folder + $0) }
      return images.filter(numbers.contains(image:)).min()
    }
    return try numbers.first { try kind(ofPath: pattern.path(for: $0)) != .nothing }
  }
}

extension Plan {
  /// The one picture, or the sheet of all, as large as it is asked for.
  func sheet(_ pictures: [Picture]) throws -> Picture {
    let arranged =
      switch options.grid {
      case nil: pictures[0]
      case .automatic: try grid(pictures)
      case .columns(let columns): try grid(pictures, columns: columns)
      }
    return try arranged.enlarged(by: options.scale)
  }

  /// Checks, before anything is drawn, that it is not too large.
  ///
  /// - Throws: `ImageError.tooLarge`.
  fileprivate func checkSheet() throws(ImageError) {
    var columns: Int?
    if case .columns(let asked)? = options.grid { columns = asked }
    let count = options.grid == nil ? 1 : max(1, numbers.count)
    try DiffusionImages.checkSheet(
      of: count, columns: columns, width: imageShape[2], height: imageShape[1], scale: options.scale)
  }

  /// Where the images go, as typed or as is usual.
  ///
  /// - Throws: `SettingsError` where there is no such place.
  fileprivate func output() throws -> OutputDestination {
    // As `image_sample.py` names its file: samples_64x32x32x3.npz.
    let shape = [numbers.count] + imageShape.dropFirst() + imageShape.prefix(1)
    let upstream = OutputDestination.npz("samples_\(shape.map(String.init).joined(separator: "x")).npz")
    var output = options.output ?? (options.isUpstreamRun && options.grid == nil ? upstream : .png("sample.png"))
    // `--out pictures` is a folder if there is one of that name.
    if case .png(let path) = options.output, try kind(ofPath: path) == .folder { output = .folder(path) }
    switch output {
    case .png(let path), .npz(let path), .npy(let path), .tar(let path): try requireFolder(of: path)
    case .folder(let path):
      let kind = try kind(ofPath: path)
      guard kind == .folder else {
        throw SettingsError(
          kind == .file
            ? "--out: \(path) is a file without an extension; type for instance --out \(path).png"
            : "--out: there is no folder \(path); make it with mkdir -p \(path), or type --out \(path).png for a file")
      }
      if options.grid != nil { throw SettingsError("--grid makes one sheet; type --out \(path)/sheet.png") }
    case .pattern, .standardOutput: break
    }
    return output
  }

  /// Whether the file of an image is whole, and the one that would be drawn.
  fileprivate func isThere(_ image: Int, path: String) throws -> Bool {
    let bytes = try readFile(path)
    // Cut short or damaged: drawn again.
    guard let picture = try? Picture(png: bytes), let chunks = try? pngText(bytes) else { return false }
    let found = try? Provenance.read(chunks)
    let expected = Provenance(self, image: image, label: label(of: image))
    let scale = options.scale
    let isSame =
      found.flatMap { $0 }.map { $0.isSameDrawing(as: expected) }
      ?? (!options.metadata && picture.width == imageShape[2] * scale && picture.height == imageShape[1] * scale)
    guard isSame else {
      throw SettingsError(
        "\(path): was drawn otherwise than it would be now (sample show \(path) says how); choose another --out, or type --overwrite in place of --resume"
      )
    }
    return true
  }
}

/// - Throws: `SettingsError` if the folder is not there that a file is to be written into, as `option` says.
func requireFolder(of path: String, _ option: String = "--out") throws {
  guard let slash = path.lastIndex(of: "/") else { return }
  let folder = String(path[..<slash])
  if !folder.isEmpty, try kind(ofPath: folder) != .folder {
    throw SettingsError("\(option): there is no folder \(folder); make it with mkdir -p \(folder)")
  }
}
