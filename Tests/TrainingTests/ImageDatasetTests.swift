import DiffusionFiles
import DiffusionImages
import DiffusionTraining
import Foundation
import TestSupport
import Testing

struct ImageDatasetTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func dataset(
    _ path: String, size: Int = 2, channels: Int = 1, classes: Bool = false
  ) throws -> ImageDataset {
    try ImageDataset(path: path, imageSize: size, channels: channels, classes: classes)
  }

  /// Pixels as the model sees them, in float32.
  private func numbers(_ pixels: [UInt8]) -> [Float] { pixels.map { Float($0) / 127.5 - 1 } }

  /// Expects a fault, and one line that names the file.
  private func expect(
    _ fault: DatasetFault, at path: String? = nil, _ name: String, classes: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(sourceLocation: sourceLocation) {
      _ = try dataset(name, classes: classes)
    } throws: { error in
      let text = "\(error)"
      return error as? DatasetError == .data(path: path ?? name, fault) && text.hasPrefix((path ?? name) + ": ")
        && !text.contains("\n")
    }
  }

  @Test func compressedArchives() throws {
    let path = try folder.write("a.npz", compressedNPZ)
    let data = try dataset(path, size: 4, classes: true)
    #expect(data.count == 10 && data.labels == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    #expect(data.classNames == ["zäh", "b"] && data.classCount == 2)
    // The middle of 4×6 pixels, 0 to 5 in each row.
    let image = try data.image(9)
    #expect(image.shape == [1, 4, 4])
    #expect(image.values == numbers([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]))
    let without = try dataset(path, size: 4)
    #expect(without.labels == nil && without.classNames == nil && without.classCount == nil)
  }

  @Test func archivesAsUpstreamSavesThem() throws {
    let pixels: [UInt8] = [0, 51, 204, 255, 0, 51, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6]
    let arrays: [(String, [Int], NPYElements)] = [
      ("arr_0", [6, 1, 1, 3], .uint8(pixels)), ("arr_1", [6], .int64([4, 0, 0, 1, 1, 1])),
    ]
    let path = try folder.write("a.npz", plainNPZ(arrays))
    let data = try dataset(path, size: 1, channels: 3, classes: true)
    #expect(data.count == 6 && data.labels == [4, 0, 0, 1, 1, 1] && data.classNames == nil && data.classCount == 5)
    #expect(try data.image(0).shape == [3, 1, 1])
    #expect(try data.image(0).values == numbers([0, 51, 204]))
    #expect(try data.image(5).values == numbers([4, 5, 6]))
    // Luma of (0, 51, 204), and grey repeated.
    #expect(try dataset(path, size: 1).image(0).values == numbers([53]))
    let grey = try folder.write("g.npz", plainNPZ([("images", [1, 1, 1], .uint8([51]))]))
    #expect(try dataset(grey, size: 1, channels: 3).image(0).values == numbers([51, 51, 51]))
  }

  @Test func wrongArchives() throws {
    func check(
      _ arrays: [(String, [Int], NPYElements)], classes: Bool = true, _ fault: DatasetFault,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let path = try folder.write("a.npz", plainNPZ(arrays))
      expect(fault, path, classes: classes, sourceLocation: sourceLocation)
    }
    let images: (String, [Int], NPYElements) = ("images", [2, 1, 1], .uint8([0, 1]))
    try check([("x", [1], .uint8([0]))], .noImages(found: ["x"]))
    try check(
      [("images", [2, 1, 1], .float32([0, 1]))],
      .pixelType(
        array: "images", type: "<f4", expression: "(array * 255).round().clip(0, 255).astype('uint8')"))
    for shape in [
      [2], [1, 2], [1, 1, 1, 5], [2, 3, 8, 8], [16, 16, 3], [0, 1, 1], [1 << 40, 0, 1], [1, 1, 1, 2, 1],
    ] {
      let pixels = [UInt8](repeating: 0, count: shape.reduce(1, *))
      try check([("arr_0", shape, .uint8(pixels))], classes: false, .pixels(array: "arr_0", shape: shape))
    }
    try check([images], .noLabels(found: ["images"]))
    try check(
      [images, ("labels", [3], .int64([0, 0, 0]))], .labels(array: "labels", shape: [3], images: 2))
    try check([images, ("arr_1", [2, 1], .int32([0, 0]))], .labels(array: "arr_1", shape: [2, 1], images: 2))
    try check([images, ("labels", [2], .float32([0, 0]))], .labelType(array: "labels", type: "<f4"))
    try check([images, ("labels", [2], .int64([0, -1]))], .label(-1, index: 1, classes: nil))
    try check([images, ("labels", [2], .int64([.max, 0]))], .label(.max, index: 0, classes: nil))
    let names: (String, [Int], NPYElements) = ("class_names", [2], .text(["a", "b"]))
    try check([images, ("labels", [2], .uint8([1, 2])), names], .label(2, index: 1, classes: 2))
    // Names that are none are as good as missing.
    let wrong: (String, [Int], NPYElements) = ("class_names", [2], .int64([0, 1]))
    let path = try folder.write("b.npz", plainNPZ([images, ("labels", [2], .uint8([1, 2])), wrong]))
    #expect(try dataset(path, classes: true).classNames == nil)

    expect(.format, try folder.write("c.npz", Array("hello".utf8)))
    expect(.nothing, folder.path + "/nothing")
    let cut = try folder.write("d.npz", compressedNPZ.dropLast())
    #expect(throws: DatasetError.image(.npz(path: cut, .zip(.noDirectory)))) { try dataset(cut) }
  }

  /// The first pixel of each picture, in order.
  private func colours(_ data: ImageDataset) throws -> [UInt8] {
    try (0..<data.count).map { UInt8(((try data.image($0)[0] + 1) * 127.5).rounded()) }
  }

  @Test func folders() throws {
    // By name at each level: bytes, not words of a language; folders among the files.
    for (name, grey) in [
      ("cat_2.png", 4), ("cat_10.png", 3), ("Dog_1.PNG", 1), ("b/dog_9.png", 2), ("ä_1.png", 5),
    ] as [(String, UInt8)] { try folder.png(name, [grey]) }
    try folder.write("b/x.WebP", [])
    try folder.write("notes.txt", [])
    // Left by a Mac and by a run that was killed.
    try folder.write("._cat_2.png", [])
    // A folder that leads back.
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/b/again", withDestinationPath: folder.path)
    for path in [folder.path, folder.path + "/"] {
      let data = try dataset(path, classes: true)
      #expect(try colours(data) == [1, 2, 3, 4, 5])
      #expect(data.classNames == ["Dog", "cat", "dog", "ä"] && data.labels == [0, 2, 1, 1, 3])
      #expect(data.classCount == 4 && data.facts.others == [".webp": 1])
      let without = try dataset(path)
      #expect(try colours(without) == [1, 2, 3, 4, 5])
      #expect(without.labels == nil && without.classNames == nil)
    }
  }

  @Test func classFolders() throws {
    try folder.png("big_cats/a/x_1.png", [1])
    try folder.png("big_cats/y.png", [2])
    try folder.png("ants/z_0.png", [0])
    let data = try dataset(folder.path, classes: true)
    #expect(data.classNames == ["a", "ants", "big_cats"] && data.labels == [1, 0, 2])
    #expect(try colours(data) == [0, 1, 2])
  }

  @Test func channelsAndSizesOfPNGs() throws {
    try folder.png("a.png", [0, 51, 204], side: 5)
    try folder.png("b.png", [51], side: 1)
    let colour = try dataset(folder.path, size: 3, channels: 3)
    #expect(try colour.image(0).shape == [3, 3, 3] && colour.image(1).shape == [3, 3, 3])
    #expect(try colour.image(0).values == numbers([0, 51, 204].flatMap { [UInt8](repeating: $0, count: 9) }))
    #expect(try colour.image(1).values == numbers([UInt8](repeating: 51, count: 27)))
    let grey = try dataset(folder.path, size: 3, channels: 1)
    #expect(try grey.image(0).values == numbers([UInt8](repeating: 53, count: 9)))
  }

  @Test func wrongFolders() throws {
    func expect(_ fault: PictureFilesFault, at path: String? = nil, classes: Bool = false) {
      #expect(throws: DatasetError.files(path: path ?? folder.path, fault)) {
        try dataset(folder.path, classes: classes)
      }
    }
    expect(.noPictures(others: [:], ofRuns: 0))
    try folder.write("a/b.webp", [])
    try folder.write("c.gif", [])
    expect(.noPictures(others: [".webp": 1, ".gif": 1], ofRuns: 0))
    try folder.png("cat_1.png", [0])
    let nameless = try folder.png("a/dog.png", [0])
    expect(.noClass(source: nil), at: nameless, classes: true)
    let data = try dataset(folder.path)
    #expect(data.count == 2)
    try FileManager.default.removeItem(atPath: nameless)
    #expect(throws: DatasetError.file(.refused(path: nameless, action: "be read", reason: "No such file or directory")))
    {
      try data.image(0)
    }
  }
}
