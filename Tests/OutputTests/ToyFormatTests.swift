import DiffusionFiles
import DiffusionImages
import DiffusionOutput
import Foundation
import Sampling
import Testing

/// A format that the sources know nothing of: portable greymaps, one behind the other.
private final class ToySink: ImageSink {
  static let format = OutputFormat(name: "pgm", endings: [".pgm"], help: "x.pgm", holds: .archive) { ToySink($0) }

  private let path: String
  private var bytes: [UInt8] = []

  init(_ setup: SinkSetup) { path = setup.destination.path }

  func append(_ image: GeneratedImage) throws {
    let picture = try image.picture()
    bytes += Array("P5 \(picture.width) \(picture.height) 255\n".utf8) + picture.pixels
  }

  func finish() throws { try writeAtomically(bytes, to: path) }
}

struct ToyFormatTests {
  @Test func isFoundByItsEndingAndFilled() throws {
    let path = NSTemporaryDirectory() + "toy-\(UUID().uuidString).pgm"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var output = OutputRequest()
    output.destination = try OutputDestination(path, formats: OutputFormat.all + [ToySink.format])
    let plan = try DiffusionModel.embedded.plan(for: SamplingRequest(count: 3, steps: 1, seed: 1))
    var run = try DrawingRun(plan, output, OutputProgram { _ in Issue.record("nothing goes to standard output") })
    var steps = 0
    try run.run(onStep: { _, images in steps += images })
    #expect(run.drawn == 3 && run.kept == 0 && steps == 3 && run.files == [path])
    let written = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(written.count == 3 * (13 + 28 * 28) && written.starts(with: Data("P5 28 28 255\n".utf8)))
  }

  @Test func isUnknownElsewhere() {
    let error = #expect(throws: OutputError.self) { try OutputDestination("x.pgm") }
    #expect(
      error?.description
        == """
        --out: sample does not write .pgm files; it writes .png, .tar, .npz and .npy: type for instance --out img.png
        """)
  }
}
