import DiffusionImages
import TestSupport
import Testing

struct AnimatedPNGTests {
  /// Pixels that no compression makes short.
  private static func noise(_ width: Int, _ height: Int, _ channels: Int, seed: UInt64) -> Picture {
    var state = seed
    return Picture(
      width: width, height: height, channels: channels,
      pixels: (0..<width * height * channels).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
      })
  }

  @Test(arguments: [(1, 1, 1), (28, 28, 1), (5, 3, 3), (200, 150, 3)])
  func framesComeBackAsTheyWere(width: Int, height: Int, channels: Int) throws {
    let pictures = (1...4).map { Self.noise(width, height, channels, seed: $0) }
    var animation = AnimatedPNG()
    for (picture, time) in zip(pictures.dropLast(), [30, 250, 2000]) {
      try animation.add(picture, milliseconds: time)
    }
    let png = try animation.png(still: pictures[3], text: [("Software", "sample"), ("Title", "Größe")])
    let found = try PlainAnimation(png)
    #expect(found.plays == 0)
    #expect(found.milliseconds == [30, 250, 2000])
    #expect(try found.frames.map { try Picture(png: $0) } == Array(pictures.dropLast()))
    #expect(try Picture(png: found.still) == pictures[3])
    // A reader that knows no animations.
    #expect(try Picture(png: png) == pictures[3])
    #expect(try pngText(png).map(\.value) == ["sample", "Größe"])
    // The largest has its frames in several chunks each.
    if width == 200 { #expect(plainChunks(png).count { $0.type == "fdAT" } > 6) }
  }

  @Test func oneFrame() throws {
    let picture = Self.noise(2, 2, 1, seed: 1)
    var animation = AnimatedPNG()
    try animation.add(picture, milliseconds: 65535)
    let found = try PlainAnimation(animation.png(still: picture))
    #expect(found.milliseconds == [65535] && found.frames.count == 1)
  }

  /// From 2 to 5 seconds, the last frame longest; browsers take what is shorter than 20 milliseconds for 100.
  @Test(arguments: 1...100)
  func timesOfADenoising(count: Int) {
    let times = AnimatedPNG.milliseconds(ofFrames: count)
    #expect(times.count == count)
    #expect(times.last == 2000)
    #expect((2000...5000).contains(times.reduce(0, +)))
    #expect(times.dropLast().allSatisfy { (30...250).contains($0) })
  }

  @Test(arguments: [
    (10, 1, [1]), (10, 3, [1, 2, 3]), (3, 3, [1, 2, 3]), (1, 7, [7]), (2, 7, [1, 7]), (3, 7, [1, 4, 7]),
    (4, 1000, [1, 334, 667, 1000]), (3, 4, [1, 2, 4]),
  ])
  func spacing(count: Int, last: Int, expected: [Int]) { #expect(evenlySpaced(count, upTo: last) == expected) }

  @Test func spacingHasNoGapsAndNoDoubles() {
    for last in 1...130 {
      let steps = evenlySpaced(100, upTo: last)
      #expect(steps.count == min(100, last) && steps.first == 1 && steps.last == last)
      #expect(zip(steps, steps.dropFirst()).allSatisfy { (1...2).contains($1 - $0) })
    }
  }
}
