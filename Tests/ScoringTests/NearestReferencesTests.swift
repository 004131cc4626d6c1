import DiffusionImages
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionScoring

/// Which pictures are near to what was learned from.
struct NearestReferencesTests {
  @Test("The share of pairs in which one list is below the other is what counting all pairs gives")
  func shareBelow() {
    let values = [0.5, 1, 1, 3, 7, -2], others = [1.0, 1, 2, 3, 3, 9].sorted()
    var count = 0.0
    for value in values { for other in others { count += value < other ? 1 : value == other ? 0.5 : 0 } }
    #expect(NearestReferences.shareBelow(values, others) == count / 36)
    #expect(NearestReferences.shareBelow([1], [2, 3]) == 1 && NearestReferences.shareBelow([4], [2, 3]) == 0)
  }

  @Test("A copy is found first, by features and by pixels, and copies are nearer than what was held out")
  func copies() throws {
    let folder = try TemporaryFolder()
    for (i, grey) in [10, 60, 110, 160, 210].enumerated() { try folder.png("known/\(i).png", [UInt8(grey)], side: 8) }
    for (i, grey) in [130, 60].enumerated() { try folder.png("drawn/\(i).png", [UInt8(grey)], side: 8) }
    let (known, drawn) = (try openPictures("\(folder.path)/known"), try openPictures("\(folder.path)/drawn"))
    func features(_ source: any PictureSource) throws -> Features {
      let values = try (0..<source.count).map { Float(try source.picture($0).pixels[0]) }
      return try Features(Tensor([values.count, 1], values), of: source.path)
    }
    let heldOut = try Features(Tensor([2, 1], [35, 85]), of: "held out")
    let found = try NearestReferences(
      2, of: (drawn, features(drawn)), in: (known, features(known)), heldOut: heldOut
    ) { _, _ in }
    #expect(found.pairs.map(\.picture) == [1, 0])
    #expect(found.pairs.map(\.byFeatures.reference) == [1, 2] && found.pairs.map(\.byPixels.reference) == [1, 2])
    #expect(found.pairs.map(\.byFeatures.distance) == [0, 20])
    #expect(abs(found.pairs[1].byPixels.distance - 20.0 / 255) < 1e-6)
    // 0 and 20 are both below 25 and 25.
    #expect(found.nearerThanHeldOut == 1)
    let sheet = try found.sheet(drawn, known)
    #expect(sheet.width == 24 && sheet.height == 16)
    #expect(sheet.pixels[0] == 60 && sheet.pixels[3 * 8] == 60 && sheet.pixels[3 * 24 * 8] == 130)
  }
}
