/// An animated PNG (PNG, third edition, "Animation information"; formerly the APNG specification): a PNG whose further
/// frames are in chunk types that other viewers ignore. Those viewers show the still image, which is not a frame.
///
/// Frames are kept compressed.
public struct AnimatedPNG: Sendable {
  private struct Frame {
    let milliseconds: UInt16
    /// The contents of IDAT chunks.
    let pieces: [[UInt8]]
  }

  private var frames: [Frame] = []
  private var size: (width: Int, height: Int, pixelBytes: Int)?

  /// Creates an animation without frames.
  public init() {}

  /// Adds a frame, which must have the size and channels of the others.
  ///
  /// - Parameters:
  ///   - picture: the frame.
  ///   - milliseconds: how long it is shown; browsers treat less than about 20 as 100.
  /// - Throws: `ImageError.png`.
  public mutating func add(_ picture: Picture, milliseconds: Int) throws(ImageError) {
    check(picture)
    precondition((1...65535).contains(milliseconds), "a frame cannot be shown for \(milliseconds) ms")
    let pieces = PNGChunk.all(of: try picture.png()).filter { $0.type == "IDAT" }.map(\.data)
    frames.append(Frame(milliseconds: UInt16(milliseconds), pieces: pieces))
    size = (picture.width, picture.height, picture.pixelBytes)
  }

  /// The bytes of a file that repeats the frames forever.
  ///
  /// - Parameters:
  ///   - still: the image for viewers without animation, of the frames' size and channels.
  ///   - text: text chunks, as in `Picture.png(text:)`.
  /// - Throws: `ImageError.png`.
  public func png(still: Picture, text: [(key: String, value: String)] = []) throws(ImageError) -> [UInt8] {
    check(still)
    precondition(!frames.isEmpty, "an animation needs a frame")
    var chunks = PNGChunk.all(of: try still.png(text: text))
    // The number of frames, and of repetitions: 0 means forever.
    chunks.insert(PNGChunk("acTL", bigEndianBytes(UInt32(frames.count)) + bigEndianBytes(UInt32(0))), at: 1)
    let end = chunks.removeLast()
    // The two chunk types share one sequence of numbers. No fcTL precedes IDAT, so the still image is not a frame.
    var sequence: UInt32 = 0
    func numbered(_ data: [UInt8]) -> [UInt8] {
      defer { sequence += 1 }
      return bigEndianBytes(sequence) + data
    }
    for frame in frames {
      chunks.append(PNGChunk("fcTL", numbered(control(frame, of: still))))
      // One fdAT per IDAT: chunks stay as short as libpng makes them, and readers reject long ones of unknown types.
      for piece in frame.pieces { chunks.append(PNGChunk("fdAT", numbered(piece))) }
    }
    return PNGChunk.signature + (chunks + [end]).flatMap(\.bytes)
  }

  /// The fcTL data: size, position, duration as a fraction of a second, and that the frame replaces everything before
  /// it.
  private func control(_ frame: Frame, of picture: Picture) -> [UInt8] {
    let (left, top, none, source): (UInt32, UInt32, UInt8, UInt8) = (0, 0, 0, 0)
    return bigEndianBytes(UInt32(picture.width)) + bigEndianBytes(UInt32(picture.height)) + bigEndianBytes(left)
      + bigEndianBytes(top) + bigEndianBytes(frame.milliseconds) + bigEndianBytes(1000 as UInt16) + [none, source]
  }

  private func check(_ picture: Picture) {
    precondition(
      size.map { $0 == (picture.width, picture.height, picture.pixelBytes) } ?? true,
      "an animation's pictures must be of one size, not \(picture.width)×\(picture.height) too")
  }
}

extension AnimatedPNG {
  /// The maximum number of frames that show a denoising. More would have to be shorter than browsers show them.
  public static let mostFrames = 100

  /// The duration of each of `count` frames that show a denoising, in milliseconds. The last one, the result, takes 2
  /// seconds; the others take 3 seconds together, but at most a quarter of a second each. Any number of frames takes 2
  /// to 5 seconds.
  public static func milliseconds(ofFrames count: Int) -> [Int] {
    precondition((1...mostFrames).contains(count), "a denoising is not shown in \(count) frames")
    let moving = count - 1
    return [Int](repeating: min(250, 3000 / max(moving, 1)), count: moving) + [2000]
  }
}

/// `count` of the numbers from 1 to `last`, spaced as evenly as possible, including 1 (if there are two or more) and
/// `last`; all of them if `count` is at least `last`.
public func evenlySpaced(_ count: Int, upTo last: Int) -> [Int] {
  precondition(count >= 1 && last >= 1, "there are no \(count) numbers from 1 to \(last)")
  if count >= last { return Array(1...last) }
  if count == 1 { return [last] }
  return (0..<count).map { 1 + ($0 * (last - 1)) / (count - 1) }
}
