import DiffusionCore

/// Which example of a dataset is seen at which position of a training run, and which way round. Position p, counted over the whole run
/// from 0, belongs to epoch ⌊p / count⌋; every epoch sees every example once, in an order of its own. Nothing is remembered: a run
/// goes on at any position as if it had never stopped, and the order does not depend on batches or micro-batches. (Upstream begins
/// an epoch with a batch and drops what does not fill one; here a batch may straddle two epochs.)
///
/// An epoch's permutation is a Feistel network on the digits of a number in the mixed base (⌈√count⌉, the other side just large enough),
/// walked until it falls below `count` (Black & Rogaway 2002, "Ciphers with arbitrary finite domains"). A round adds to one digit a
/// function of the other: ⌊w · base / 2⁶⁴⌋ with w of the first two words, low one first, of a Philox block.
///
/// The key is the seed's, as in `PhiloxNoise`, whose second counter word numbers the draws and is 2³² - 1 for classes. These counters have
/// other second words, which no run has steps enough to reach:
///
/// * (digit, 2³² - 2, epoch, round) for the order;
/// * (0, 2³² - 3, p mod 2³², ⌊p / 2³²⌋) for the flip of position p, the lowest bit of the block's first word.
public struct EpochShuffle: Sendable {
  /// The draw numbers, which no step has.
  private static let orderDraw = UInt32.max - 1
  private static let flipDraw = UInt32.max - 2
  /// Even, and more than the four that a strong round function needs, for the sake of datasets of a few examples.
  private static let rounds = 8

  /// What the order depends on, beside the number of examples.
  public let seed: UInt64
  /// How many examples there are.
  public let count: Int
  private let key: SIMD2<UInt32>
  /// The bases of the two digits, low one first; their product is at least `count`.
  private let bases: (low: Int, high: Int)

  /// The order of `count` examples, at least one, in the run with `seed`.
  public init(seed: UInt64, count: Int) {
    // The digits have to fit into a counter's words.
    precondition(count > 0 && count <= 1 << 48, "there is no order of \(count) examples")
    self.seed = seed
    self.count = count
    key = Philox.key(seed: seed)
    var low = max(1, Int(Double(count).squareRoot()))
    while low * low < count { low += 1 }
    bases = (low, (count - 1) / low + 1)
  }

  /// The example at `position`, `0 ..< count`.
  public func index(at position: Int) -> Int {
    precondition(position >= 0, "there is no position \(position)")
    let (epoch, place) = position.quotientAndRemainder(dividingBy: count)
    guard let epoch = UInt32(exactly: epoch) else { preconditionFailure("a run has no \(epoch) epochs") }
    // A permutation of the larger range leads back below `count`, and different numbers to different ones.
    var index = permuted(place, epoch)
    while index >= count { index = permuted(index, epoch) }
    return index
  }

  /// Whether the example at `position` is to be mirrored, left to right, where a run wants that of every second one at random.
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
