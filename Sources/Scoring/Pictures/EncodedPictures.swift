import DiffusionImages
import DiffusionTraining
import TensorCore

/// Pictures that lie in files as PNGs and JPEGs, of which each may turn out to be none.
protocol EncodedPictures: PictureSource {
  associatedtype Entry
  /// Where the pictures are.
  var entries: [Entry] { get set }
  /// Whether all of them have been decoded once, and are pictures.
  var areKnownToBePictures: Bool { get set }

  /// Decodes one.
  func decode(_ index: Int) throws(ScoringError) -> Picture
}

extension EncodedPictures {
  var count: Int { entries.count }

  func picture(_ index: Int) throws -> Picture { try decode(index) }

  /// Decodes them on the threads of the pool.
  func findBad(progress: (Int, Int) -> Void) throws(ScoringError) -> [Int: BadPicture] {
    if areKnownToBePictures { return [:] }
    var bad: [Int: BadPicture] = [:]
    // Pictures may be large: few at a time.
    let portion = 4 * ThreadPool.shared.threads
    for begin in stride(from: 0, to: count, by: portion) {
      let part = begin..<min(begin + portion, count)
      let errors = ThreadPool.shared.map(part.count) { i -> ScoringError? in
        do throws(ScoringError) {
          _ = try decode(begin + i)
          return nil
        } catch { return error }
      }
      for (index, error) in zip(part, errors) {
        guard let error else { continue }
        guard case .badPicture(let name, _) = error else { throw error }
        bad[index] = BadPicture(path: name, reason: "\(error)")
      }
      progress(part.upperBound, count)
    }
    return bad
  }

  func leavingOut(_ bad: Set<Int>) -> any PictureSource {
    var copy = self
    copy.entries = entries.indices.filter { !bad.contains($0) }.map { entries[$0] }
    copy.areKnownToBePictures = true
    return copy
  }
}
