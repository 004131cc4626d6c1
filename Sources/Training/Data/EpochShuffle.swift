import DiffusionCore

/// Shuffles a dataset for training, and decides which examples are mirrored. Position p, counted over the whole run
/// from 0, belongs to epoch ⌊p / count⌋. Every epoch visits every example once, in its own order. There is no state: a
/// run resumes at any position as if it had never stopped, and the order does not depend on batches or micro-batches.
/// (The original starts each epoch with a new batch and drops the incomplete last one; here a batch may straddle two
/// epochs.)
///
/// An epoch's permutation is a Feistel network on the digits of a number in a mixed base (⌈√count⌉, and the other just
/// large enough), repeated until the number is below `count` (Black & Rogaway 2002, "Ciphers with arbitrary finite
/// domains"). A round adds a function of one digit to the other: ⌊w · base / 2⁶⁴⌋, where w is the first two words, low
/// word first, of a Philox block.
///
/// The key comes from the seed, as in `PhiloxNoise`, where the second word of a counter is the draw number and 2³² - 1
/// stands for classes. The counters here have other second words, which no run is long enough to reach:
///
/// * (digit, 2³² - 2, epoch, round) for the order;
/// * (0, 2³² - 3, p mod 2³², ⌊p / 2³²⌋) for mirroring position p, by the lowest bit of the block's first word.
public struct EpochShuffle: Sendable {
  /// The draw numbers, which no step uses.
  private static let orderDraw = UInt32.max - 1
  private static let flipDraw = UInt32.max - 2
  /// The number of rounds. It is even, and more than the four that a strong round function needs, because a dataset may
  /// have only a few examples.
  private static let rounds = 8

  /// The random seed.
  public let seed: UInt64
  /// The number of examples.
  public let count: Int
  private let key: SIMD2<UInt32>
  /// The bases of the two digits, low one first; their product is at least `count`.
  private let bases: (low: Int, high: Int)

  /// Creates the order of `count` examples, at least one, in the run with `seed`.
  public init(seed: UInt64, count: Int) {
    // The digits must fit into a counter's words.
    precondition(count > 0 && count <= 1 << 48, "there is no order of \(count) examples")
    self.seed = seed
    self.count = count
    key = Philox.key(seed: seed)
    var low = max(1, Int(Double(count).squareRoot()))
    while low * low < count { low += 1 }
    bases = (low, (count - 1) / low + 1)
  }

  /// The index of the example at `position`, in `0 ..< count`.
  public func index(at position: Int) -> Int {
    precondition(position >= 0, "there is no position \(position)")
    let (epoch, place) = position.quotientAndRemainder(dividingBy: count)
    guard let epoch = UInt32(exactly: epoch) else { preconditionFailure("a run has no \(epoch) epochs") }
    // A permutation of the larger range leads back below `count`, and maps distinct numbers to distinct ones.
    var index = permuted(place, epoch)
    while index >= count { index = permuted(index, epoch) }
    return index
  }

  /// Whether to mirror the example at `position` left to right, in a run that mirrors at random with probability 1/2.
  public func isFlipped(at position: Int) -> Bool {
    precondition(position >= 0, "there is no position \(position)")
    let place = UInt64(position)
    let counter = SIMD4(
      0, Self.flipDraw, UInt32(truncatingIfNeeded: place), UInt32(truncatingIfNeeded: place >> 32))
    return Philox.block(counter: counter, key: key)[0] & 1 == 1
  }

  private func permuted(_ number: Int, _ epoch: UInt32) -> Int {
    var (high, low) = number.quotientAndRemainder(dividingBy: bases.low)
    for round in stride(from: 0 as UInt32, to: UInt32(Self.rounds), by: 2) {
      high = (high + word(low, epoch, round, below: bases.high)) % bases.high
      low = (low + word(high, epoch, round + 1, below: bases.low)) % bases.low
    }
    return high * bases.low + low
  }

  /// The round function: a number below `base`.
  private func word(_ digit: Int, _ epoch: UInt32, _ round: UInt32, below base: Int) -> Int {
    let block = Philox.block(counter: SIMD4(UInt32(digit), Self.orderDraw, epoch, round), key: key)
    let word = UInt64(block[1]) << 32 | UInt64(block[0])
    return Int(word.multipliedFullWidth(by: UInt64(base)).high)
  }
}
