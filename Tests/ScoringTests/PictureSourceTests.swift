import DiffusionBytes
import DiffusionFiles
import DiffusionImages
import Foundation
import TestSupport
import Testing

@testable import DiffusionScoring

/// What pictures are read from, and what is said of that which holds none.
struct PictureSourceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func pictures(_ path: String) throws -> [Picture] {
    let source = try openPictures(path)
    return try (0..<source.count).map { try source.picture($0) }
  }

  @Test("A folder, a .tar, a .npz and a .npy hold the same pictures")
  func sameInEachFile() throws {
    let colours: [[UInt8]] = [[0, 0, 0], [255, 128, 3], [9, 8, 7]]
    let expected = colours.map { Picture(width: 2, height: 2, channels: 3, pixels: ($0 + $0 + $0 + $0)) }
    for (i, colour) in colours.enumerated() { try folder.png("pictures/\(i / 2)/\(i).png", colour) }
    #expect(try pictures("\(folder.path)/pictures") == expected)

    let tar = try AtomicFile(path: "\(folder.path)/p.tar")
    let writer = TarWriter(tar)
    for (i, picture) in expected.enumerated() { try writer.append("\(i).png", try picture.png()) }
    try writer.append("readme.txt", Array("no picture".utf8))
    try writer.finish()
    try tar.finish()
    #expect(try pictures("\(folder.path)/p.tar") == expected)

    let array = NPYElements.uint8(expected.flatMap(\.pixels))
    let labels = NPYElements.int64([0, 1, 2])
    let stored = try folder.write("p.npz", plainNPZ([("arr_0", [3, 2, 2, 3], array), ("arr_1", [3], labels)]))
    #expect(try pictures(stored) == expected)
    #expect(try openPictures(stored).labels == [0, 1, 2])
    #expect(try openPictures(stored).labelsFault == nil)

    let numbers = expected.flatMap { picture in
      (0..<3).flatMap { channel in (0..<4).map { Float(picture.pixels[$0 * 3 + channel]) / 127.5 - 1 } }
    }
    let plain = try folder.write("p.npy", npy([3, 3, 2, 2], .float32(numbers)))
    // Numbers become pixels by truncation, as when they are drawn.
    for (found, picture) in zip(try pictures(plain), expected) {
      #expect(zip(found.pixels, picture.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }
  }

  @Test("Labels that cannot be used are named, with what to save instead")
  func strangeLabels() throws {
    func source(_ name: String, _ shape: [Int], _ labels: NPYElements) throws -> any PictureSource {
      let pixels = NPYElements.uint8([UInt8](repeating: 0, count: 12))
      let archive = plainNPZ([("arr_0", [3, 2, 2, 1], pixels), (name, shape, labels)])
      return try openPictures(try folder.write("l.npz", archive))
    }
    let faults: [(shape: [Int], labels: NPYElements, fault: String)] = [
      ([2], .int64([0, 1]), "has the shape [2], but labels are [N], one for each picture"),
      ([3, 1], .int64([0, 1, 2]), "has the shape [3, 1], but labels are [N], one for each picture; save array[:, 0]"),
      (
        [3, 2], .float32([0, 1, 1, 0, 0, 1]),
        "has the shape [3, 2], but labels are [N], one for each picture; save array.argmax(1)"
      ),
      (
        [3], .float32([0, 1, 2]),
        "holds elements of type <f4, but labels are whole numbers; save array.astype('int64')"
      ),
    ]
    for name in ["arr_1", "labels"] {
      for (shape, labels, fault) in faults {
        let found = try source(name, shape, labels)
        #expect(found.labels == nil && found.labelsFault == "array \(name) \(fault)")
      }
      #expect(try source(name, [3], .uint8([0, 1, 2])).labels == [0, 1, 2])
    }
    #expect(try source("class_names", [1], .text(["a"])).labelsFault == nil)
    for (type, labels) in [("|i1", NPYElements.uint8([0, 1, 2])), ("<u4", .int32([0, 1, 2]))] {
      let arrays = [("arr_0", [3, 1, 1, 1], NPYElements.uint8([1, 2, 3])), ("labels", [3], labels)]
      let path = try folder.write("t.npz", plainNPZ(arrays, types: ["labels": type]))
      #expect(
        try openPictures(path).labelsFault
          == "array labels holds elements of type \(type), but labels are whole numbers; save array.astype('int64')")
    }
  }

  @Test("Arrays that are nearly right are named for what they are")
  func nearlyRight() throws {
    func message(_ name: String, _ bytes: [UInt8]) throws -> String {
      let path = try folder.write(name, bytes)
      let error = #expect(throws: ScoringError.self) { _ = try openPictures(path) }
      return "\(try #require(error))"
    }
    #expect(
      try message("p.npy", npy([1, 2, 2, 3], .uint8([UInt8](repeating: 1, count: 12)))).hasSuffix(
        "p.npy: holds pixels, which are read from a .npz; type numpy.savez('x.npz', arr_0=array)"))
    #expect(
      try message("c.npy", npy([1, 3, 8, 8], .uint8([UInt8](repeating: 1, count: 192)))).hasSuffix(
        "type numpy.savez('x.npz', arr_0=array.transpose(0, 2, 3, 1))"))
    #expect(
      try message("n.npy", npy([2, 1, 1, 1], .float32([0, .nan]))).hasSuffix(
        "n.npy, picture 1: has values that are no numbers (NaN)"))
    #expect(
      try message("w.npy", npy([1, 1, 1, 2], .float32([0, 255]))).hasSuffix(
        "picture 0: has numbers outside -1 to 1; save (array / 127.5 - 1).clip(-1, 1).astype('float32')"))
    let moments = plainNPZ([("mu", [1], .float64([1])), ("sigma", [1, 1], .float64([1]))])
    #expect(
      try message("m.npz", moments).hasSuffix(
        "m.npz: holds means and covariances, not pictures; they go after --reference"))
  }

  @Test("Grey pictures have one channel, with or without saying so")
  func grey() throws {
    let path = try folder.write("g.npz", plainNPZ([("images", [1, 2, 2], .uint8([1, 2, 3, 4]))]))
    #expect(try pictures(path).map(\.pixels) == [[1, 2, 3, 4]])
  }

  @Test("Contents decide the fingerprint, names of folders do not")
  func fingerprints() throws {
    try folder.png("a/0.png", [1])
    try folder.png("b/0.png", [1])
    try folder.png("c/0.png", [2])
    func fingerprint(_ name: String) throws -> String {
      try openPictures("\(folder.path)/\(name)").fingerprint(progress: { _, _ in })
    }
    #expect(try fingerprint("a") == fingerprint("b"))
    #expect(try fingerprint("a") != fingerprint("c"))
  }

  @Test("What holds no pictures is named, in one line")
  func nothing() throws {
    func message(_ path: String) -> String {
      let error = #expect(throws: ScoringError.self) { _ = try openPictures(path) }
      return error.map { "\($0)" } ?? ""
    }
    #expect(message("\(folder.path)/none").hasSuffix("there is no such file or folder"))
    #expect(message(try folder.png("one.png", [1])).contains("is one picture; give the folder"))
    #expect(message(try folder.write("a.txt", Array("hello there".utf8))).contains("holds no pictures"))
    #expect(message(try folder.write("b.html", Array("<html></html>".utf8))).contains("is a web page"))
    let other = try folder.write("c.npz", plainNPZ([("x", [1], .uint8([1]))]))
    #expect(message(other).contains("has no array arr_0, only x"))
    let floats = try folder.write("d.npz", plainNPZ([("arr_0", [1, 1, 1, 1], .float32([0]))]))
    #expect(message(floats).contains("holds elements of type <f4"))
    let zeros = NPYElements.uint8([UInt8](repeating: 0, count: 192))
    let planes = try folder.write("e.npz", plainNPZ([("arr_0", [1, 3, 8, 8], zeros)]))
    #expect(message(planes).contains("has the shape [1, 3, 8, 8]"))
    let cut = Array(npy([1, 2, 2, 1], .float32([1, 2, 3, 4])).dropLast())
    #expect(message(try folder.write("f.npy", cut)).contains("f.npy: "))
    try folder.write("broken/x.png", [0x89] + Array("PNG\r\n\u{1A}\n".utf8))
    #expect(throws: ScoringError.self) { try openPictures("\(folder.path)/broken").picture(0) }
    try folder.png("broken/good.png", [1])
    try folder.write("broken/y.png", [0x89] + Array("PNG".utf8))
    let bad = #expect(throws: ScoringError.self) { try openPictures("\(folder.path)/broken").check { _, _, _ in } }
    #expect(
      "\(try #require(bad))".hasSuffix("/broken: 2 of 3 pictures cannot be read; --skip-bad goes on without them"))
    let compressed = try folder.write("g.tar.gz", [0x1F, 0x8B, 8, 0])
    #expect(message(compressed).hasSuffix("g.tar.gz: is compressed by gzip, which is not read; unpack it with gunzip"))
    try folder.write("run/run.json", Array("{}".utf8))
    #expect(message("\(folder.path)/run").contains("is the folder of a training run, not of pictures; to score"))
  }

  @Test("Pictures that cannot be read are left out of folders and archives on request, and named")
  func bad() throws {
    let bytes = try Picture(width: 2, height: 2, channels: 1, pixels: [1, 2, 3, 4]).png()
    let files = [("a.png", bytes), ("b.png", Array(bytes.dropLast(30))), ("c.JPG", [1, 2]), ("d.png", bytes)]
    let tar = try AtomicFile(path: "\(folder.path)/p.tar")
    let writer = TarWriter(tar)
    for (name, bytes) in files {
      try folder.write("p/\(name)", bytes)
      try writer.append(name, bytes)
    }
    // What macOS adds, and folders leave out too.
    for name in ["._a.png", "__MACOSX/x.png"] { try writer.append(name, [1]) }
    try writer.finish()
    try tar.finish()
    for path in ["\(folder.path)/p", "\(folder.path)/p.tar"] {
      let source = try openPictures(path)
      var looked: [Int] = []
      let (rest, bad) = try source.withoutBad { done, _ in looked.append(done) }
      #expect(rest.count == 2 && looked.last == 4)
      #expect(try (0..<2).map { try rest.picture($0).pixels } == [[1, 2, 3, 4], [1, 2, 3, 4]])
      #expect(rest.name(1).hasSuffix("d.png"))
      #expect(bad.count == 2 && bad[0].reason.contains("b.png: ") && bad[1].reason.contains("c.JPG: is neither"))
      #expect(try rest.fingerprint(progress: { _, _ in }) != source.fingerprint(progress: { _, _ in }))
      #expect(try rest.findBad { _, _ in Issue.record("pictures are looked at twice") }.isEmpty)
    }
    try folder.write("none/a.png", [1])
    let error = #expect(throws: ScoringError.self) { try openPictures("\(folder.path)/none").withoutBad { _, _ in } }
    #expect("\(try #require(error))".hasSuffix("/none: none of 1 picture can be read"))
  }

  @Test("A pipe in a folder is refused, not waited for; damaged pixels are found by their checksum")
  func pipesAndDamage() throws {
    try folder.png("pipe/a.png", [1])
    #expect(mkfifo("\(folder.path)/pipe/b.png", 0o600) == 0)
    let error = #expect(throws: ScoringError.self) { try openPictures("\(folder.path)/pipe").check { _, _, _ in } }
    #expect("\(try #require(error))".contains("pipe/b.png: is not a regular file"))
    var damaged = plainNPZ([("arr_0", [1, 2, 2, 1], .uint8([101, 102, 103, 104]))])
    damaged[try #require(damaged.firstRange(of: [101, 102, 103, 104])).lowerBound] = 9
    let path = try folder.write("damaged.npz", damaged)
    #expect(throws: ScoringError.self) { _ = try openPictures(path) }
  }

  @Test("A .npz whose array is larger than the file, or whose sizes overflow, is refused")
  func hostileShapes() throws {
    let array = npy([3, 1, 1, 1], .uint8([1, 2, 3]))
    let whole = plainNPZ([("arr_0", [3, 1, 1, 1], .uint8([1, 2, 3]))])
    let shape = Array("(3, 1, 1, 1), }".utf8)
    let place = try #require(array.firstRange(of: shape)).lowerBound
    func checksum(_ bytes: [UInt8]) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: crc32(bytes) >> (8 * $0)) } }
    #expect(try pictures(try folder.write("w.npz", whole)).count == 3)
    for other in ["(9, 1, 1, 1), }", "(2, 1, 1, 1), }", "(8000000000, 8000000000, 1), }", "(-3, 1, 1, 1), }"] {
      var lying = array
      lying.replaceSubrange(place..<place + other.utf8.count, with: other.utf8)
      let bytes = whole.replacing(array, with: lying).replacing(checksum(array), with: checksum(lying))
      let path = try folder.write("h.npz", bytes)
      let error = #expect(throws: ScoringError.self, "\(other)") { _ = try openPictures(path) }
      #expect(!"\(try #require(error))".contains("checksum"))
    }
  }

  @Test("Pictures that were held out are not those of the reference, and all that cannot be read are listed")
  func heldOut() throws {
    for name in ["a/0.png", "b/0.png"] { try folder.png(name, [1]) }
    for name in ["c/0.png", "c/1.png"] { try folder.png(name, [2]) }
    for name in ["d/0.png", "d/1.png"] { try folder.write(name, []) }
    func source(_ name: String) throws -> any PictureSource { try openPictures("\(folder.path)/\(name)") }
    func check(_ heldOut: String, _ reference: String) throws {
      let (one, other) = (try source(heldOut), try source(reference))
      try requireOthers(one, than: other) { _, _, _ in }
    }
    #expect(throws: ScoringError.heldOutIsReference) { try check("a", "b") }
    try check("a", "c")
    let error = #expect(throws: ScoringError.self) { try check("d", "c") }
    #expect("\(try #require(error))".hasSuffix("none of 2 pictures can be read"))
  }
}
