/// The indices of the images to draw, in order, without storing them: a whole run's or a shard's.
public struct ImageIndices: RandomAccessCollection, Sendable {
  private let first: Int
  private let step: Int
  /// The number of indices.
  public let endIndex: Int

  /// Always 0.
  public var startIndex: Int { 0 }

  /// Images 0 to `count` - 1, or `index` in their place, restricted to `shard`.
  public init(count: Int, index: ClosedRange<Int>?, shard: Shard?) {
    let range = index.map { $0.lowerBound..<$0.upperBound + 1 } ?? 0..<count
    step = shard?.count ?? 1
    // The first index in the range that belongs to the shard.
    let (wanted, found) = (shard.map { $0.number - 1 } ?? 0, range.lowerBound % step)
    let ahead = wanted >= found ? wanted - found : step - (found - wanted)
    let isThere = ahead < range.count
    first = isThere ? range.lowerBound + ahead : range.lowerBound
    endIndex = isThere ? (range.upperBound - first - 1) / step + 1 : 0
  }

  /// Whether this image is among them.
  public func contains(image: Int) -> Bool {
    guard let last, (first...last).contains(image) else { return false }
    return (image - first) % step == 0
  }

  /// The image index at a position.
  public subscript(position: Int) -> Int { first + position * step }
}
