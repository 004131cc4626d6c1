import DiffusionPlatform
import TensorCore

/// Noise with a separate stream for each image: image k depends only on the seed and k, not on the batch.
///
/// Element 4b + j of draw d of image k, in row-major order of `[C, H, W]`, comes from the Philox block with the key
/// (seed mod 2³², ⌊seed / 2³²⌋) and the counter (b, d, k mod 2³², ⌊k / 2³²⌋). Draw 0 is x_T, or the noise added to an
/// initial image. Draw s is the noise of the s-th step, unless jumps or kept pixels take draws in between
/// (`SamplingLoop`). The block's words w₀ … w₃ become four normals (Box & Muller 1958), computed in float64 and rounded
/// to float32: √(-2 ln u)·cos(2π v) and √(-2 ln u)·sin(2π v) with u = (w₀ + 1) / 2³², v = w₁ / 2³², and likewise two
/// from w₂ and w₃.
public struct PhiloxNoise: NoiseSource, Sendable {
  /// The draw number for an image's class label, which no step uses.
  private static let classDraw = UInt32.max
  /// The draw number for a training example's step (`ScheduleSampler`), which no step uses either.
  private static let scheduleDraw = UInt32.max - 3
  /// The draw number that decides whether a training example's label is dropped. (2³² - 2 and 2³² - 3 belong to
  /// `EpochShuffle`.)
  private static let labelDraw = UInt32.max - 4

  private let key: SIMD2<UInt32>
  private let images: [Int]
  private let shape: [Int]
  private var draw: UInt32 = 0

  /// Creates the noise for the images numbered `images`, each of `shape` `[C, H, W]`, in the run with `seed`.
  public init(seed: UInt64, images: some Sequence<Int>, shape: [Int]) {
    key = Philox.key(seed: seed)
    self.images = Array(images)
    self.shape = shape
  }

  /// The next draw, `[images, C, H, W]`.
  public mutating func next() -> Tensor {
    defer { draw += 1 }
    let count = shape.reduce(1, *)
    return Tensor([images.count] + shape) { target in
      for (n, image) in images.enumerated() { fill(target + n * count, count, image: image) }
    }
  }

  /// Counts a draw without computing it.
  public mutating func skip() { draw += 1 }

  private func fill(_ target: UnsafeMutablePointer<Float>, _ count: Int, image: Int) {
    for b in 0..<(count + 3) / 4 {
      let normals = Self.normals(
        Philox.block(counter: Self.counter(block: UInt32(truncatingIfNeeded: b), draw: draw, image: image), key: key))
      for j in 0..<min(4, count - 4 * b) { target[4 * b + j] = normals[j] }
    }
  }

  /// The class label of image `image`, uniform in `0 ..< count`: ⌊w · count / 2⁶⁴⌋, where w is the first two words, low
  /// word first, of the block with draw number 2³² - 1.
  public static func randomClass(seed: UInt64, image: Int, count: Int) -> Int {
    precondition(count > 0, "there is no class to draw")
    return Int(word(seed: seed, draw: classDraw, image: image).multipliedFullWidth(by: UInt64(count)).high)
  }

  /// A number for training example `position`, uniform in [0, 1): the top 53 bits of the first two words, low word
  /// first, of the block with draw number 2³² - 4.
  public static func scheduleUniform(seed: UInt64, position: Int) -> Double {
    uniform(seed: seed, draw: scheduleDraw, position: position)
  }

  /// The same from the block with draw number 2³² - 5; it decides whether the example's label is dropped.
  public static func labelUniform(seed: UInt64, position: Int) -> Double {
    uniform(seed: seed, draw: labelDraw, position: position)
  }

  private static func uniform(seed: UInt64, draw: UInt32, position: Int) -> Double {
    Double(word(seed: seed, draw: draw, image: position) >> 11) * 0x1p-53
  }

  private static func word(seed: UInt64, draw: UInt32, image: Int) -> UInt64 {
    let block = Philox.block(counter: counter(block: 0, draw: draw, image: image), key: Philox.key(seed: seed))
    return UInt64(block[1]) << 32 | UInt64(block[0])
  }

  private static func counter(block: UInt32, draw: UInt32, image: Int) -> SIMD4<UInt32> {
    let image = UInt64(image)
    return SIMD4(block, draw, UInt32(truncatingIfNeeded: image), UInt32(truncatingIfNeeded: image >> 32))
  }

  private static func normals(_ words: SIMD4<UInt32>) -> SIMD4<Float> {
    var normals = SIMD4<Float>()
    for pair in 0..<2 {
      let u = (Double(words[2 * pair]) + 1) * 0x1p-32
      let angle = 2 * Double.pi * (Double(words[2 * pair + 1]) * 0x1p-32)
      let radius = (-2 * log(u)).squareRoot()
      normals[2 * pair] = Float(radius * cos(angle))
      normals[2 * pair + 1] = Float(radius * sin(angle))
    }
    return normals
  }
}
