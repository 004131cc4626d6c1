import DiffusionFiles
import DiffusionImages
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionScoring

/// Features are computed once, an interrupted computation goes on, and those of other pictures or networks are not
/// taken.
struct FeatureFileTests {
  /// A picture's first pixel, and what follows from it; counts the pictures that it is asked for.
  private final class FirstPixel: FeatureExtractor, @unchecked Sendable {
    let name = "first pixel"
    let key: String
    let widths = FeatureWidths(pool: 2, spatial: 1, logits: 3)
    let tellsClasses = false
    var asked = 0

    init(_ key: String = "first pixel 1") { self.key = key }

    func input(_ picture: Picture) -> Tensor { Tensor([1, 1], [Float(picture.pixels[0])]) }

    func features(of inputs: Tensor) -> PictureFeatures {
      let values = inputs.values
      asked += values.count
      return PictureFeatures(
        pool: Tensor([values.count, 2], values.flatMap { [$0, 2 * $0] }), spatial: Tensor([values.count, 1], values),
        logits: Tensor([values.count, 3], values.flatMap { [$0, 0, -$0] }))
    }
  }

  /// NaN for one picture.
  private struct Broken: FeatureExtractor {
    let name = "broken"
    let key = "broken"
    let widths = FeatureWidths(pool: 1, spatial: 0, logits: 0)
    let tellsClasses = false

    func input(_ picture: Picture) -> Tensor { Tensor([1, 1], [picture.pixels[0] == 50 ? .nan : 1]) }

    func features(of inputs: Tensor) -> PictureFeatures {
      PictureFeatures(pool: inputs, spatial: nil, logits: nil)
    }
  }

  private struct Stop: Error {}

  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for i in 0..<7 { try folder.png("p/\(i).png", [UInt8(10 * i)]) }
    return folder
  }

  @Test("A run that was stopped goes on with the rows that it has, and then computes nothing more")
  func goesOn() throws {
    let folder = try folder()
    let source = try openPictures("\(folder.path)/p")
    let network = FirstPixel()
    let path = try #require(source.featuresPath(network))
    #expect(path.hasPrefix("\(folder.path)/p.features-"))
    let stopping = FeatureComputation(network, batch: 2) { done, count in
      #expect(count == 7)
      if done == 4 { throw Stop() }
    }
    #expect(throws: Stop.self) { try stopping.features(of: source, keptIn: path) }
    #expect(network.asked == 4)
    // As a kill leaves it: half a row at the end.
    let partial = try FileHandle(forWritingTo: URL(fileURLWithPath: path + ".partial"))
    try partial.seekToEnd()
    try partial.write(contentsOf: Data([1, 2, 3, 4, 5]))
    try partial.close()

    var looked: [String] = []
    let computation = FeatureComputation(
      network, batch: 3, looking: { if $1 == $2 { looked.append("\($0.split(separator: " ")[0]) \($2)") } },
      progress: { _, _ in })
    let whole = try computation.features(of: source, keptIn: path)
    // For the fingerprint, for what is no picture, and for the fingerprint again.
    #expect(looked == ["reading 7", "looking 7", "reading 7"])
    #expect(network.asked == 7)
    #expect(whole.pool.values == [0, 0, 10, 20, 20, 40, 30, 60, 40, 80, 50, 100, 60, 120])
    #expect(whole.spatial?.values == [0, 10, 20, 30, 40, 50, 60])
    #expect(whole.logits?.shape == [7, 3])
    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))

    let again = try computation.features(of: source, keptIn: path)
    #expect(network.asked == 7 && again.pool.values == whole.pool.values)
    let unkept = try FeatureComputation(network, batch: 5) { _, _ in }.features(of: source, keptIn: nil)
    #expect(network.asked == 14 && unkept.pool.values == whole.pool.values)
  }

  @Test("Features of pictures that have changed, and of other networks, are computed anew")
  func otherContents() throws {
    let folder = try folder()
    let path = "\(folder.path)/kept"
    func compute(_ network: FirstPixel) throws -> [Float]? {
      let source = try openPictures("\(folder.path)/p")
      return try FeatureComputation(network, batch: 2) { _, _ in }.features(of: source, keptIn: path).spatial?.values
    }
    let network = FirstPixel()
    _ = try compute(network)
    try folder.png("p/3.png", [200])
    #expect(try compute(network) == [0, 10, 20, 200, 40, 50, 60] && network.asked == 14)
    let other = FirstPixel("first pixel 2")
    _ = try compute(other)
    #expect(other.asked == 7)
    let source = try openPictures("\(folder.path)/p")
    #expect(source.featuresPath(network) != source.featuresPath(other))
  }

  @Test("Pictures that change meanwhile are an error, and no features of theirs are kept")
  func changing() throws {
    let folder = try folder()
    let path = "\(folder.path)/kept"
    func compute(_ progress: @escaping (Int, Int) throws -> Void) throws -> [Float]? {
      let source = try openPictures("\(folder.path)/p")
      return try FeatureComputation(FirstPixel(), batch: 2, progress: progress).features(of: source, keptIn: path)
        .spatial?.values
    }
    #expect(throws: ScoringError.changed(path: "\(folder.path)/p")) {
      _ = try compute { done, _ in if done == 4 { try folder.png("p/1.png", [201]) } }
    }
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
    #expect(try compute { _, _ in } == [0, 201, 20, 30, 40, 50, 60])
  }

  @Test("Features lie beside the pictures, under a name that is not hidden")
  func names() throws {
    let folder = try folder()
    let place = try #require(resolvedPath(folder.path))
    for (path, beside) in [
      ("/p", "/p"), ("/p/", "/p"), ("/p/.", "/p"), ("/p/./", "/p"), ("/p/..//", ""), ("/p/../p", "/p"), ("/p/..", ""),
    ] {
      let found = try #require(try PictureFolder(folder.path + path).featuresPath(FirstPixel()))
      let (parent, name) = folderAndName(found)
      let (expectedParent, expectedName) = folderAndName(place + beside)
      #expect(resolvedPath(parent) == resolvedPath(expectedParent), "\(path)")
      #expect(name.hasPrefix(expectedName + ".features-"), "\(path): \(name)")
    }
  }

  @Test("A kept file with a NaN in it, an empty one and an unfinished one with a NaN are computed anew")
  func damagedFiles() throws {
    let folder = try folder()
    let source = try openPictures("\(folder.path)/p")
    let path = "\(folder.path)/kept"
    let expected: [Float] = [0, 10, 20, 30, 40, 50, 60]
    func compute() throws -> [Float]? {
      try FeatureComputation(FirstPixel(), batch: 4) { _, _ in }.features(of: source, keptIn: path).spatial?.values
    }
    #expect(try compute() == expected)
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    // The third number of the fourth row of six.
    let place = bytes.count - 7 * 24 + 3 * 24 + 2 * 4
    bytes.replaceSubrange(place..<place + 4, with: [0, 0, 0xC0, 0x7F])
    for (name, content) in [("kept", bytes), ("kept", []), ("kept.partial", Array(bytes.dropLast(24)))] {
      try? FileManager.default.removeItem(atPath: path)
      try folder.write(name, content)
      #expect(try compute() == expected, "\(name), \(content.count)")
    }
  }

  @Test("Where no file can be written, the option that needs none is named")
  func notKept() throws {
    let folder = try folder()
    let source = try openPictures("\(folder.path)/p")
    let path = "\(folder.path)/none/kept"
    let error = #expect(throws: ScoringError.self) {
      try FeatureComputation(FirstPixel(), batch: 4) { _, _ in }.features(of: source, keptIn: path)
    }
    #expect("\(try #require(error))".hasSuffix("; --no-keep keeps no features"))
  }

  @Test("A picture whose features are no numbers is named")
  func notFinite() throws {
    let folder = try folder()
    let source = try openPictures("\(folder.path)/p")
    #expect(throws: ScoringError.notFinite(what: "\(folder.path)/p", index: 5)) {
      try FeatureComputation(Broken(), batch: 4) { _, _ in }.features(of: source, keptIn: nil)
    }
  }
}
