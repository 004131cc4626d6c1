import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels

/// What `--frames` and `--strip` write beside the picture: what the model expected it to become, step by step, as in figure 6 of Ho et al.
/// 2020. (x_t itself is little to look at: noise for most of the way.)
struct DenoisingFiles {
  private let plan: Plan
  private var frames: DenoisingRecord?
  private var strip: DenoisingRecord?
  /// What is written, and not there yet.
  private var files: [AtomicFile] = []

  /// Steps side by side.
  private static let mostColumns = 10

  /// Nil if neither is asked for; else looks, before anything is drawn, whether they can be written.
  ///
  /// - Throws: `SettingsError`.
  init?(_ plan: Plan, _ destination: Destination) throws {
    let options = plan.options
    let files = [("--frames", options.frames), ("--strip", options.strip)]
    if files.allSatisfy({ $0.1 == nil }) { return nil }
    for case (let name, let path?) in files {
      // A folder that looked like a file, which only the disk could tell.
      if destination.isFileEach {
        throw SettingsError(
          "\(name) shows how one picture or sheet comes about, but --out is a folder, for a file each; type for instance --out img.png"
        )
      }
      try requireFolder(of: path, name)
      if try kind(ofPath: path) == .folder { throw SettingsError("\(name): \(path) is a folder; name a file in it") }
    }
    self.plan = plan
    let steps = plan.path.steps.count
    if options.frames != nil { frames = DenoisingRecord(steps: evenlySpaced(AnimatedPNG.mostFrames, upTo: steps)) }
    if options.strip != nil { strip = DenoisingRecord(steps: evenlySpaced(Self.mostColumns, upTo: steps)) }
  }

  /// Takes what a batch has come to.
  ///
  /// - Throws: `ImageError`.
  mutating func add(_ state: SamplerState) throws {
    try frames?.add(state)
    try strip?.add(state)
  }

  /// Writes all that `finish` only gives its name to: what cannot be written is not missed after the picture is there.
  ///
  /// - Parameter destination: has the finished images.
  /// - Throws: `ImageError`.
  mutating func write(_ destination: Destination) throws {
    // The files themselves lie somewhere; whoever draws them again does not want to replace them.
    if let frames, let path = plan.options.frames {
      try write(animation(frames, text: destination.chunks(besides: ["--frames", "again-frames.png"])), to: path)
    }
    if let strip, let path = plan.options.strip {
      let text = try destination.chunks(besides: ["--strip", "again-strip.png"])
      try write(sideBySide(strip).png(text: text), to: path)
    }
  }

  /// Lets the files appear.
  ///
  /// - Throws: `FileError`.
  mutating func finish() throws {
    for file in files { try file.finish() }
    files = []
  }

  private mutating func write(_ bytes: [UInt8], to path: String) throws {
    let file = try AtomicFile(path: path)
    try file.append(bytes)
    files.append(file)
  }

  private func animation(_ frames: DenoisingRecord, text: [(key: String, value: String)]) throws -> [UInt8] {
    var animation = AnimatedPNG()
    let times = AnimatedPNG.milliseconds(ofFrames: frames.steps.count)
    for (place, time) in times.enumerated() {
      try animation.add(try plan.sheet(try frames.pictures(place)), milliseconds: time)
    }
    return try animation.png(still: try plan.sheet(try frames.pictures(times.count - 1)), text: text)
  }

  /// A row for each image, in which the steps follow one another.
  private func sideBySide(_ strip: DenoisingRecord) throws -> Picture {
    let columns = try strip.steps.indices.map { try strip.pictures($0) }
    let rows = columns[0].indices.flatMap { image in columns.map { $0[image] } }
    return try grid(rows, columns: columns.count).enlarged(by: plan.options.scale)
  }
}

/// What all images look like at some of the steps, held compressed: batches come one after the other, each with all of its steps.
private struct DenoisingRecord {
  /// Those that are kept, counted from 1, in order.
  let steps: [Int]
  /// For each of them, a PNG for each batch, its pictures one below the other.
  private var batches: [[[UInt8]]]
  /// The height of a picture.
  private var height = 0

  init(steps: [Int]) {
    self.steps = steps
    batches = [[[UInt8]]](repeating: [], count: steps.count)
  }

  /// Keeps a state, if it is to be kept.
  mutating func add(_ state: SamplerState) throws {
    guard let place = steps.firstIndex(of: state.step) else { return }
    let x = state.shown
    height = x.shape[2]
    let pictures = try (0..<x.shape[0]).map { try Picture(x, $0) }
    batches[place].append(try grid(pictures, columns: 1).png())
  }

  /// All images at kept step `place`, from 0, in their order.
  func pictures(_ place: Int) throws -> [Picture] {
    try batches[place].flatMap { try Picture(png: $0).cut(toHeight: height) }
  }
}
