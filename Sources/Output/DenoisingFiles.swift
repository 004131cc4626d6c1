import DiffusionCore
import DiffusionFiles
import DiffusionImages
import Sampling
import TensorCore

/// What `--frames` and `--strip` write besides the image: the prediction x̂₀ step by step, as in figure 6 of Ho et al.
/// 2020. (x_t itself shows little: it is noise for most of the way.)
public struct DenoisingFiles {
  private let plan: SamplingPlan
  private let request: OutputRequest
  private var frames: DenoisingRecord?
  private var strip: DenoisingRecord?
  /// Files that are written but do not have their final names yet.
  private var files: [AtomicFile] = []

  /// The most columns of a strip.
  private static let mostColumns = 10

  /// Nil if neither is requested.
  ///
  /// - Throws: `OutputError`.
  public init?(_ plan: SamplingPlan, _ request: OutputRequest, _ output: ImageOutput) throws {
    let files = [("--frames", request.frames), ("--strip", request.strip)]
    if files.allSatisfy({ $0.1 == nil }) { return nil }
    // Only the disk could tell that a path that looks like a file is a folder.
    if output.isFileEach, let name = files.first(where: { $0.1 != nil })?.0 {
      throw OutputError.viewOfFiles(option: name)
    }
    (self.plan, self.request) = (plan, request)
    let steps = plan.schedule.steps.count
    if request.frames != nil { frames = DenoisingRecord(steps: evenlySpaced(AnimatedPNG.mostFrames, upTo: steps)) }
    if request.strip != nil { strip = DenoisingRecord(steps: evenlySpaced(Self.mostColumns, upTo: steps)) }
  }

  /// Records the state of a batch.
  ///
  /// - Throws: `ImageError`.
  public mutating func add(_ state: SamplerState) throws {
    // Decoded only once, and only if it is recorded.
    guard frames?.records(state) == true || strip?.records(state) == true else { return }
    let pictures = plan.model.pictures(of: state.shown)
    let bits = request.bits
    try frames?.add(pictures, of: state, bits: bits)
    try strip?.add(pictures, of: state, bits: bits)
  }

  /// Writes everything; `finish` only has to rename, so a file that cannot be written is noticed before the
  /// image appears.
  ///
  /// - Parameter output: has the finished images.
  /// - Throws: `ImageError`.
  public mutating func write(_ output: ImageOutput) throws {
    if let frames, let path = request.frames {
      try write(animation(frames, text: output.chunks(view: .frames)), to: path)
    }
    if let strip, let path = request.strip {
      try write(sideBySide(strip).png(text: output.chunks(view: .strip)), to: path)
    }
  }

  /// Gives the files their final names.
  ///
  /// - Throws: `FileError`.
  public mutating func finish() throws {
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
      try animation.add(try plan.sheet(try frames.pictures(place), request), milliseconds: time)
    }
    return try animation.png(still: try plan.sheet(try frames.pictures(times.count - 1), request), text: text)
  }

  /// A row per image, a column per step.
  private func sideBySide(_ strip: DenoisingRecord) throws -> Picture {
    let columns = try strip.steps.indices.map { try strip.pictures($0) }
    let rows = columns[0].indices.flatMap { image in columns.map { $0[image] } }
    return try grid(rows, columns: columns.count).enlarged(by: request.scale)
  }
}

/// Compressed snapshots of all images at some of the steps. Batches follow one another, each with all its steps.
private struct DenoisingRecord {
  /// The recorded steps, counted from 1, in order.
  let steps: [Int]
  /// For each of them, one PNG per batch with its images stacked vertically.
  private var batches: [[[UInt8]]]
  /// The height of one image.
  private var height = 0

  init(steps: [Int]) {
    self.steps = steps
    batches = [[[UInt8]]](repeating: [], count: steps.count)
  }

  /// Whether the step of `state` is one of `steps`.
  func records(_ state: SamplerState) -> Bool { steps.contains(state.step) }

  /// Records `x`, the pictures of a state, `[N, C, H, W]`, if its step is one of `steps`.
  mutating func add(_ x: Tensor, of state: SamplerState, bits: Int) throws {
    guard let place = steps.firstIndex(of: state.step) else { return }
    height = x.shape[2]
    let pictures = try (0..<x.shape[0]).map { try Picture(x, $0, bits: bits) }
    batches[place].append(try grid(pictures, columns: 1).png())
  }

  /// All images at the recorded step `place`, from 0, in order.
  func pictures(_ place: Int) throws -> [Picture] {
    try batches[place].flatMap { try Picture(exactly: $0).cut(toHeight: height) }
  }
}
