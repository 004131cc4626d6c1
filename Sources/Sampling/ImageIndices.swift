/// The indices of the images to be drawn, in order, without holding them: those of a run, or of a part of it.
public struct ImageIndices: RandomAccessCollection, Sendable {
  private let first: Int
  private let step: Int
  /// How many there are.
  public let endIndex: Int

  /// 0.
  public var startIndex: Int { 0 }

  /// Images 0 to `count` - 1, or those of `index`; of these, those of `shard`.
  public init(count: Int, index: ClosedRange<Int>?, shard: Shard?) {
    let range = index.map { $0.lowerBound..<$0.upperBound + 1 } ?? 0..<count
    step = shard?.count ?? 1
    // The first one at or behind the range's that is the shard's.
    let (wanted, found) = (shard.map { $0.number - 1 } ?? 0, range.lowerBound % step)
    let ahead = wanted >= found ? wanted - found : step - (found - wanted)
    let isThere = ahead < range.count
    first = isThere ? range.lowerBound + ahead : range.lowerBound
    endIndex = isThere ? (range.upperBound - first - 1) / step + 1 : 0
  }

  /// Whether the image of this index is one of them.
  public func contains(image: Int) -> Bool {
    guard let last, (first...last).contains(image) else { return false }
    return (image - first) % step == 0
  }

  /// The image at a position.
  public subscript(position: Int) -> Int { first + position * step }
}
