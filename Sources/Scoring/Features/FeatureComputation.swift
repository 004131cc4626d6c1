import DiffusionFiles
import DiffusionImages
import TensorCore

/// Computes features of pictures, a batch at a time.
public struct FeatureComputation {
  /// As many pictures as a computer of little memory takes through Inception, at 299 pixels.
  public static let usualBatch = 8

  private let extractor: any FeatureExtractor
  private let batch: Int
  private let looking: (_ stage: String, _ done: Int, _ count: Int) -> Void
  /// Called after each batch with the number of pictures done and of all; if it throws, the computation ends.
  private let progress: (_ done: Int, _ count: Int) throws -> Void

  /// A computation.
  ///
  /// - Parameters:
  ///   - extractor: the network.
  ///   - batch: how many pictures it takes at a time, which the features do not depend on.
  ///   - looking: called now and then while files are read or pictures decoded, with what is being done, how many are
  ///     done, and of how many.
  ///   - progress: called after each batch with the number of pictures done and of all; if it throws, this ends.
  public init(
    _ extractor: any FeatureExtractor, batch: Int,
    looking: @escaping (_ stage: String, _ done: Int, _ count: Int) -> Void = { _, _, _ in },
    progress: @escaping (_ done: Int, _ count: Int) throws -> Void
  ) {
    (self.extractor, self.batch, self.looking, self.progress) = (extractor, batch, looking, progress)
  }

  /// The features of all pictures.
  ///
  /// - Parameters:
  ///   - source: the pictures.
  ///   - path: a file that keeps them, which is read if it has them already, and which a run that was interrupted goes
  ///     on with; nil to keep none.
  /// - Throws: `ScoringError`, and what `progress` throws; the rows that are finished by then are kept.
  public func features(of source: any PictureSource, keptIn path: String?) throws -> PictureFeatures {
    guard let path else {
      try source.check(looking: looking)
      var rows = FeatureRows(extractor.widths, capacity: source.count)
      try compute(source, &rows) { _ in }
      return rows.features
    }
    let fingerprint = try source.fingerprint(looking: looking)
    let file = try FeatureFile(path, pictures: fingerprint, count: source.count, extractor)
    if let rows = try file.read() { return rows.features }
    try source.check(looking: looking)
    var (output, rows) = try file.begin()
    try compute(source, &rows) { values in
      try values.withUnsafeBytes { try output.append($0) }
    }
    // Rows of other pictures would be kept under the name of these.
    guard try source.fingerprint(looking: looking) == fingerprint else {
      try removeFile(AtomicFile.unfinished(path))
      throw ScoringError.changed(path: source.path)
    }
    try output.finish()
    return rows.features
  }

  private func compute(
    _ source: any PictureSource, _ rows: inout FeatureRows, _ write: (ArraySlice<Float>) throws -> Void
  ) throws {
    while rows.count < source.count {
      let next = rows.count..<min(rows.count + batch, source.count)
      // Pictures may be much larger than what the network takes of them: few at a time.
      var inputs: [Tensor] = []
      while inputs.count < next.count {
        var pictures: [Picture] = []
        for index in next.dropFirst(inputs.count).prefix(ThreadPool.shared.threads) {
          pictures.append(try source.picture(index))
        }
        inputs += ThreadPool.shared.map(pictures.count) { extractor.input(pictures[$0]) }
      }
      let features = extractor.features(of: Tensor.stacked(inputs))
      for (n, index) in next.enumerated() where !features.pool.rows(n..<n + 1).values.allSatisfy(\.isFinite) {
        throw ScoringError.notFinite(what: source.path, index: index)
      }
      try write(rows.append(features))
      try progress(rows.count, source.count)
    }
  }
}
