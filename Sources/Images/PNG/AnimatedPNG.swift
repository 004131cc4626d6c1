/// An animation as an animated PNG (PNG, third edition, "Animation information"; earlier the APNG specification): a PNG with the
/// data of further frames in chunks of types that other viewers pass over. Those show the still picture, which is no frame.
///
/// Frames are held compressed, as they come.
public struct AnimatedPNG: Sendable {
  private struct Frame {
    let milliseconds: UInt16
    /// The contents of IDAT chunks.
    let pieces: [[UInt8]]
  }

  private var frames: [Frame] = []
  private var size: (width: Int, height: Int, channels: Int)?

  /// No frames yet.
  public init() {}

  /// Adds a frame, of the size and the channels of those before.
  ///
  /// - Parameters:
  ///   - picture: the frame.
  ///   - milliseconds: how long it is shown; browsers take less than some 20 for 100.
  /// - Throws: `ImageError.png`.
  public mutating func add(_ picture: Picture, milliseconds: Int) throws(ImageError) {
    check(picture)
    precondition((1...65535).contains(milliseconds), "a frame cannot be shown for \(milliseconds) ms")
    let pieces = PNGChunk.all(of: try picture.png()).filter { $0.type == "IDAT" }.map(\.data)
    frames.append(Frame(milliseconds: UInt16(milliseconds), pieces: pieces))
    size = (picture.width, picture.height, picture.channels)
  }

  /// The bytes of a file that shows the frames over and over.
  ///
  /// - Parameters:
  ///   - still: what a viewer shows that knows no animations, of the frames' size and channels.
  ///   - text: text chunks, as of a picture.
  /// - Throws: `ImageError.png`.
  public func png(still: Picture, text: [(key: String, value: String)] = []) throws(ImageError) -> [UInt8] {
    check(still)
    precondition(!frames.isEmpty, "an animation needs a frame")
    var chunks = PNGChunk.all(of: try still.png(text: text))
    // Number of frames, and of times that they are shown: 0 is without end.
    chunks.insert(PNGChunk("acTL", bigEndianBytes(UInt32(frames.count)) + bigEndianBytes(UInt32(0))), at: 1)
    let end = chunks.removeLast()
    // Both kinds of chunks are numbered in one row. As no control stands before IDAT, the still picture is no frame.
    var sequence: UInt32 = 0
    func numbered(_ data: [UInt8]) -> [UInt8] {
      defer { sequence += 1 }
      return bigEndianBytes(sequence) + data
    }
    for frame in frames {
      chunks.append(PNGChunk("fcTL", numbered(control(frame, of: still))))
      // One for one: they stay as short as libpng makes them, and readers refuse long ones of types that they do not know.
      for piece in frame.pieces { chunks.append(PNGChunk("fdAT", numbered(piece))) }
    }
    return PNGChunk.signature + (chunks + [end]).flatMap(\.bytes)
  }

  /// Size, place, time as a fraction of seconds, and that the frame replaces all that was there.
  private func control(_ frame: Frame, of picture: Picture) -> [UInt8] {
    let (left, top, none, source): (UInt32, UInt32, UInt8, UInt8) = (0, 0, 0, 0)
    return bigEndianBytes(UInt32(picture.width)) + bigEndianBytes(UInt32(picture.height)) + bigEndianBytes(left)
      + bigEndianBytes(top) + bigEndianBytes(frame.milliseconds) + bigEndianBytes(1000 as UInt16) + [none, source]
  }

  private func check(_ picture: Picture) {
    precondition(
      size.map { $0 == (picture.width, picture.height, picture.channels) } ?? true,
      "an animation's pictures must be of one size, not \(picture.width)×\(picture.height) too")
  }
}

extension AnimatedPNG {
  /// The most frames that a denoising is shown in: more would have to be shorter than browsers show them.
  public static let mostFrames = 100

  /// How long each of `count` frames of a denoising is shown, in milliseconds: all but the last together 3 seconds, but none longer
  /// than a quarter of one; the last, which is the result, 2 seconds. So it takes 2 to 5 seconds, however many there are.
  public static func milliseconds(ofFrames count: Int) -> [Int] {
    precondition((1...mostFrames).contains(count), "a denoising is not shown in \(count) frames")
    let moving = count - 1
    return [Int](repeating: min(250, 3000 / max(moving, 1)), count: moving) + [2000]
  }
}

/// `count` of the numbers from 1 to `last`, as evenly spaced as they go, among them 1 (if there are two or more) and `last`; all of
/// them if there are no more.
public func evenlySpaced(_ count: Int, upTo last: Int) -> [Int] {
  precondition(count >= 1 && last >= 1, "there are no \(count) numbers from 1 to \(last)")
  if count >= last { return Array(1...last) }
  if count == 1 { return [last] }
  return (0..<count).map { 1 + ($0 * (last - 1)) / (count - 1) }
}
