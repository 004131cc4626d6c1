import DiffusionCore
import DiffusionImages
import Foundation
import Sampling
import TensorCore
import TestSupport
import Testing

/// What a program that imports the library does.
struct LibraryTests {
  @Test(
    arguments: [
      nil, "unet/improved-scaleshift-class.pt", "unet/guided-neworder.weights.safetensors", "diffusers/default-like",
    ] as [String?])
  func drawsWithEveryKindOfModel(fixture: String?) throws {
    let model = try fixture.map { try DiffusionModel(path: Fixture.path($0)) } ?? .embedded
    let images = Array(try model.images(for: SamplingRequest(count: 2, steps: 2, seed: 7)))
    #expect(images.map(\.index) == [0, 1])
    let picture = try images[1].picture()
    #expect(picture.width == model.specification.imageSize && picture.channels == model.specification.imageChannels)
    // What the file says of itself draws it again.
    let provenance = try #require(try Provenance.read(pngText(try images[1].png())))
    guard case .request(let request) = provenance.drawing else {
      Issue.record("no request")
      return
    }
    #expect(request.model == fixture.map { _ in model.name } && request.index == 1...1 && request.seed == 7)
    #expect(try model.images(for: request).map { $0.x.values } == [images[1].x.values])
  }

  @Test func aFileIsWritten() throws {
    let path = NSTemporaryDirectory() + "library-\(UUID().uuidString).png"
    defer { try? FileManager.default.removeItem(atPath: path) }
    for image in try DiffusionModel.embedded.images(for: SamplingRequest(steps: 1, seed: 1, classes: [.name("3")])) {
      #expect(image.className == "3" && image.label == 3)
      try image.writePNG(to: path, scale: 2)
      #expect(throws: SamplingError.self) { try image.writePNG(to: path + "/no/such.png") }
    }
    #expect(try Picture(png: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))).width == 56)
  }

  /// Progress, previews, and an end before the end.
  @Test func stepsComeOneByOne() throws {
    var request = SamplingRequest(count: 3, steps: 4, sampler: "ddim", seed: 2)
    request.batch = 2
    let steps = Array(try DiffusionModel.embedded.steps(for: request))
    #expect(steps.map(\.number) == [1, 2, 3, 4, 1, 2, 3, 4] && steps.allSatisfy { $0.count == 4 })
    #expect(steps.map(\.images) == [[0, 1], [0, 1], [0, 1], [0, 1], [2], [2], [2], [2]])
    #expect(steps.map(\.finished.count) == [0, 0, 0, 2, 0, 0, 0, 1])
    #expect(steps[0].predicted.shape == [2, 1, 28, 28] && steps[0].x.values != steps[1].x.values)
    let images = Array(try DiffusionModel.embedded.images(for: request))
    #expect(steps.flatMap(\.finished).map { $0.x.values } == images.map { $0.x.values })
    var taken = 0
    for step in try DiffusionModel.embedded.steps(for: request) {
      taken += 1
      if step.number == 2 { break }
    }
    #expect(taken == 2)
  }

  /// Each task gets the images that it would get alone.
  @Test func severalTasksDrawAtOnce() async throws {
    let model = DiffusionModel.embedded
    func draw(_ seed: UInt64) throws -> [[Float]] {
      let request = SamplingRequest(count: 2, steps: 3, sampler: "euler-a", seed: seed)
      return try model.images(for: request).map { $0.x.values }
    }
    let alone = try (0..<4).map { try draw($0) }
    let together = try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
      for seed in 0..<4 { group.addTask { (seed, try draw(UInt64(seed))) } }
      return try await group.reduce(into: [Int: [[Float]]]()) { $0[$1.0] = $1.1 }
    }
    for seed in 0..<4 { #expect(together[seed] == alone[seed]) }
  }

  /// From a picture, and around what is kept of one.
  @Test func picturesAreStartedFrom() throws {
    let folder = NSTemporaryDirectory() + "library-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let model = DiffusionModel.embedded
    for image in try model.images(for: SamplingRequest(steps: 4, seed: 1, classes: [.index(3)])) {
      try image.writePNG(to: folder + "/a.png")
    }
    let half = (0..<28 * 28).map { $0 < 14 * 28 ? UInt8(255) : 0 }
    let mask = Picture(width: 28, height: 28, channels: 1, pixels: half)
    try Data(try mask.png(text: [])).write(to: URL(fileURLWithPath: folder + "/m.png"))
    var request = SamplingRequest(steps: 4, seed: 2, classes: [.index(3)], guidance: 1)
    request.initImage = folder + "/a.png"
    request.mask = folder + "/m.png"
    let drawn = try #require(Array(try model.images(for: request)).first?.picture())
    let original = try Picture(png: [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/a.png"))))
    #expect(drawn.pixels.suffix(14 * 28) == original.pixels.suffix(14 * 28))
    #expect(drawn.pixels.prefix(14 * 28) != original.pixels.prefix(14 * 28))
  }

  @Test func errorsCanBeSwitchedOver() throws {
    let model = DiffusionModel.embedded
    #expect(throws: SamplingError.unknownSampler("lms", known: SamplerInfo.all.map(\.name))) {
      try model.images(for: SamplingRequest(sampler: "lms"))
    }
    var request = SamplingRequest(steps: 0)
    #expect(throws: SamplingError.self) { try model.images(for: request) }
    request = SamplingRequest(classes: [.name("cat")])
    let error = #expect(throws: SamplingError.self) { try model.images(for: request) }
    guard case .unknownClass("cat", let known, _)? = error else {
      Issue.record("another error")
      return
    }
    #expect(known.count == 11 && known.nullClass == 10)
    #expect(throws: SamplingError.classifierAsModel(model: Fixture.path("unet/guided-classifier.weights.safetensors")))
    {
      try DiffusionModel(path: Fixture.path("unet/guided-classifier.weights.safetensors"))
    }
    #expect(throws: SamplingError.model(.checkpoint(.unreadable(file: "/no.pt", reason: "No such file or directory"))))
    {
      try DiffusionModel(path: "/no.pt")
    }
  }
}
