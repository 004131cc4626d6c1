import DiffusionFiles
import DiffusionImages
import DiffusionModels
import Foundation
import TestSupport
import Testing

@testable import DiffusionTraining

/// What `train` finds out about data before the first step.
struct LookingAtDataTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func dataset(
    channels: Int? = nil, classes: Bool = false, options: DatasetOptions = DatasetOptions()
  ) throws -> ImageDataset {
    try ImageDataset(path: folder.path, imageSize: 2, channels: channels, classes: classes, options: options)
  }

  private func write(_ name: String, _ png: PlainPNG) throws { try folder.write(name, png.bytes) }

  private func request(_ data: String) -> TrainingRequest {
    var settings = StatedSettings()
    (settings.imageSize, settings.numChannels, settings.numResBlocks) = (8, 32, 1)
    (settings.channelMult, settings.attentionResolutions) = ([1], [99])
    var request = TrainingRequest(data: data, steps: 1, settings: settings)
    request.batchSize = 1
    return request
  }

  @Test("A folder with corrupt pictures is refused before the first step, with all their names and reasons")
  func bad() throws {
    let whole = try readFile(try folder.png("cat_1.png", [1]))
    try folder.png("dog_1.png", [2])
    let files: [(name: String, bytes: [UInt8], reason: String)] = [
      ("cat_2.png", [], "is empty"), ("cat_3.png", Array(whole.dropLast(20)), "too early"),
      ("dog_2.png", Array("<!doctype html>".utf8), "web page"),
      ("dog_3.jpg", Array("version https://git-lfs.github.com/spec/v1".utf8), "Git LFS"),
    ]
    for file in files { try folder.write(file.name, file.bytes) }
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/cat_4.png", withDestinationPath: "nowhere")
    let run = folder.path + "/run"
    let error = #expect(throws: TrainingError.self) { _ = try TrainingRun(request(folder.path), folder: run) }
    guard case .data(.files(folder.path, .bad(let bad, of: 7)))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let names = ["cat_2.png", "cat_3.png", "cat_4.png", "dog_2.png", "dog_3.jpg"]
    #expect(bad.map(\.path) == names.map { "\(folder.path)/\($0)" })
    let lines = ImageDataset.lines(of: bad)
    for file in files { #expect(lines.contains { $0.contains(file.name) && $0.contains(file.reason) }) }
    #expect(!FileManager.default.fileExists(atPath: run))

    var options = DatasetOptions()
    options.skipsBad = true
    let data = try dataset(classes: true, options: options)
    #expect(data.count == 2 && data.labels == [0, 1] && data.facts.bad == 5)
    #expect(data.notes(channelsAreGiven: true).contains { $0.contains("5 pictures that cannot be read") })
  }

  @Test("A class whose name is not UTF-8, as old archives leave it, is named, and not left out")
  func latin1() throws {
    try folder.png("cat_1.png", [1])
    let name = folder.path.utf8.map { CChar(bitPattern: $0) } + "/caf".utf8.map { CChar(bitPattern: $0) }
    #expect(mkdir(name + [CChar(bitPattern: 0xE9), 0], 0o755) == 0)
    let error = #expect(throws: DatasetError.self) { _ = try dataset() }
    #expect(error.map { "\($0)" }?.contains("is not UTF-8; rename it, as all of them with convmv ") == true)
  }

  @Test("What is cut, enlarged, converted or left out is counted, and said once")
  func counts() throws {
    try write("a.png", PlainPNG(width: 3, height: 2, .rgbAlpha, depth: 8, (0..<24).map { $0 * 10 }))
    try write("b.png", PlainPNG(width: 2, height: 2, .rgbAlpha, depth: 8, (0..<16).map { $0 % 4 == 3 ? 255 : 9 }))
    try write("c.png", PlainPNG(width: 1, height: 1, .grey, depth: 16, [9]))
    for name in ["d.webp", "e.webp", "f.HEIC", "notes.txt", ".hidden.png", "__MACOSX/g.png"] {
      try folder.write(name, [1])
    }
    let facts = try dataset().facts
    #expect((facts.cut, facts.enlarged, facts.transparent, facts.withAlpha) == (1, 1, 1, 2))
    #expect((facts.grey, facts.colourless, facts.sixteenBit, facts.bad) == (1, 1, 1, 0))
    #expect(facts.others == [".webp": 2, ".heic": 1])
    let notes = try dataset().notes(channelsAreGiven: false)
    for words in [
      "1 picture not square", "1 picture smaller than 2×2", "1 picture with transparency: laid over black",
      "1 picture of 16 bits", "1 picture in grey", "left out: 2 .webp, 1 .heic",
    ] { #expect(notes.contains { $0.contains(words) }, "\(words): \(notes)") }
  }

  @Test("Grey pictures alone train a grey model; a mixed folder stays in colour")
  func greyData() throws {
    try folder.png("a.png", [10])
    #expect(try dataset().channels == 1 && dataset(channels: 3).channels == 3)
    try folder.png("b.png", [1, 2, 3])
    #expect(try dataset().channels == 3)
    let error = #expect(throws: DatasetError.self) { try dataset(channels: 4) }
    #expect("\(try #require(error))".contains("has pictures in colour (3 channels), but --in-channels asks for 4"))
  }

  @Test("Pictures with alpha train a model of four channels if it is asked for; others lie over the background")
  func alpha() throws {
    let pixels = (0..<4).flatMap { _ in [0, 100, 200, 51] }
    try write("a.png", PlainPNG(width: 2, height: 2, .rgbAlpha, depth: 8, pixels))
    try folder.png("b.png", [7])
    let clear = try dataset(channels: 4)
    func pixel(_ data: ImageDataset, _ index: Int) throws -> [Int] {
      let values = try data.image(index).values
      return (0..<data.channels).map { Int(((values[$0 * 4] + 1) * 127.5).rounded()) }
    }
    #expect(try pixel(clear, 0) == [0, 100, 200, 51] && pixel(clear, 1) == [7, 7, 7, 255])
    #expect(try pixel(dataset(), 0) == [0, 20, 40])
    var options = DatasetOptions()
    options.background = Background(red: 255, green: 255, blue: 255)
    #expect(try pixel(dataset(options: options), 0) == [204, 224, 244])
  }

  @Test("The colours of hidden pixels do not leak into a scaled picture")
  func scaledAlpha() {
    let picture = Picture(width: 2, height: 2, channels: 2, pixels: [200, 255, 0, 0, 200, 255, 0, 0])
    #expect(picture.fittedWithAlpha(toSquare: 1).pixels == [199, 128])
  }

  @Test("Arrays have any number of channels, and planes are not taken for it")
  func channelsOfArrays() throws {
    func array(_ shape: [Int]) throws -> String {
      let pixels = (0..<shape.reduce(1, *)).map { UInt8($0 % 256) }
      return try folder.write("a.npz", plainNPZ([("images", shape, .uint8(pixels))]))
    }
    func open(_ path: String, channels: Int? = nil) throws -> ImageDataset {
      try ImageDataset(path: path, imageSize: 8, channels: channels, classes: false)
    }
    let five = try array([2, 8, 8, 5])
    #expect(try open(five).channels == 5 && open(five).image(1).shape == [5, 8, 8])
    let error = #expect(throws: DatasetError.self) { try open(five, channels: 3) }
    #expect("\(try #require(error))".contains("has images of 5 channels, but --in-channels asks for 3"))
    #expect(throws: DatasetError.self) { try open(try array([2, 3, 8, 8])) }
  }

  @Test("A run inside its own data does not learn from its sheets")
  func runsAreNotData() throws {
    try folder.png("a.png", [1], side: 8)
    try folder.png("b.png", [1], side: 8)
    var run = try TrainingRun(request(folder.path), folder: folder.path + "/run")
    _ = try run.step()
    try folder.png("run/samples/000001.png", [5])
    let data = try dataset()
    #expect(data.count == 2 && data.facts.runFolders == 1 && data.facts.runPictures == 1)
    // Where the run lies in the data's own folder, its sheets alone are left out.
    try folder.write("run.json", [])
    try folder.png("samples/000001.png", [5])
    #expect(try dataset().count == 2 && dataset().facts.runPictures == 2)
  }

  @Test("A run records what its data decided, and one of an earlier version goes on as it began")
  func goesOn() throws {
    for (name, grey) in [("part1/cat_1.png", 1), ("part1/dog_1.png", 2), ("part2/cat_2.png", 3)] as [(String, UInt8)] {
      try folder.png(name, [grey], side: 8)
    }
    var request = request(folder.path)
    request.settings.classCond = true
    let path = folder.path + "/run"
    do {
      let run = try TrainingRun(request, folder: path)
      let (names, channels, source) = (run.data.classNames, run.request.settings.inChannels, run.request.classSource)
      #expect(names == ["cat", "dog"] && channels == 1 && source == .names)
    }
    let record = try RunRecord.read(from: path)
    #expect(record.data?.pictures == 3 && record.data?.classSizes == [2, 1])
    // As an earlier version would have written it.
    let file = URL(fileURLWithPath: path + "/run.json")
    var json = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    var asked = try #require(json["request"] as? [String: Any])
    var settings = try #require(asked["settings"] as? [String: Any])
    (settings["in_channels"], asked["classes_from"], json["data"]) = (nil, nil, nil)
    asked["settings"] = settings
    json["request"] = asked
    try JSONSerialization.data(withJSONObject: json).write(to: file)
    try folder.write("part1/photo_1.jpg", [])
    let run = try TrainingRun(resuming: path)
    let (names, channels, count) = (run.data.classNames, run.data.channels, run.data.count)
    #expect(names == ["part1", "part2"] && channels == 3 && count == 3)
  }

  @Test("Class names that look like parts of a data set, single pictures, and labels with gaps are warned of")
  func warnings() throws {
    func warnings(_ labels: [Int64]) throws -> String {
      let pixels = [UInt8](repeating: 1, count: labels.count)
      let arrays: [(String, [Int], NPYElements)] = [
        ("images", [labels.count, 1, 1], .uint8(pixels)), ("labels", [labels.count], .int64(labels)),
      ]
      let path = try folder.write("a.npz", plainNPZ(arrays))
      let data = try ImageDataset(path: path, imageSize: 1, classes: true)
      return data.notes(channelsAreGiven: true).filter { $0.hasPrefix("warning") }.joined(separator: "\n")
    }
    #expect(try warnings([0, 0, 1, 1]) == "")
    #expect(try warnings([1, 1, 2, 2]).contains("labels begin at 1"))
    #expect(try warnings([0, 0, 3, 3]).contains("no picture is of class 1, class 2; number classes from 0"))
    #expect(try warnings([0, 0, 1]).contains("only one picture is of class 1"))
    #expect(try warnings([0, 0]).contains("all pictures are of one class"))
    try folder.png("train/1.png", [1])
    try folder.png("val/1.png", [1])
    let notes = try dataset(classes: true).notes(channelsAreGiven: true)
    #expect(notes.contains { $0.contains("warning: train, val: these look like") })
  }
}
