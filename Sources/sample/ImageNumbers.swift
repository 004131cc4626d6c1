import DiffusionCommandLine

/// The numbers of the images to be drawn, in order, without holding them: those of a run, or of a part of it.
struct ImageIndices: RandomAccessCollection {
  private let first: Int
  private let step: Int
  let endIndex: Int

  var startIndex: Int { 0 }

  /// Images 0 to `count` - 1, or those of `index`; of these, those of `shard`.
  init(count: Int, index: ClosedRange<Int>?, shard: Shard?) {
    let range = index.map { $0.lowerBound..<$0.upperBound + 1 } ?? 0..<count
    step = shard?.count ?? 1
    // The first one at or behind the range's that is the shard's.
    let (wanted, found) = (shard.map { $0.number - 1 } ?? 0, range.lowerBound % step)
    let ahead = wanted >= found ? wanted - found : step - (found - wanted)
    let isThere = ahead < range.count
    first = isThere ? range.lowerBound + ahead : range.lowerBound
    endIndex = isThere ? (range.upperBound - first - 1) / step + 1 : 0
  }

  /// Whether the image of this number is one of them.
  func contains(image: Int) -> Bool {
    guard let last, (first...last).contains(image) else { return false }
    return (image - first) % step == 0
  }

  subscript(position: Int) -> Int { first + position * step }
}
