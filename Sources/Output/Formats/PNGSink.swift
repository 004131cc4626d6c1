import DiffusionFiles
import DiffusionImages
import Sampling

/// A PNG of one image or of a sheet.
public final class PNGSink: ImageSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "png", endings: [".png"], help: "img.png", holds: .picture
  ) { PNGSink($0) }

  private let setup: SinkSetup
  private var pictures: [Picture] = []
  private var label: Int?

  init(_ setup: SinkSetup) { self.setup = setup }

  /// See `ImageSink`.
  public func append(_ image: GeneratedImage) throws {
    pictures.append(try image.picture(bits: setup.request.bits))
    label = label ?? image.label
  }

  /// See `ImageSink`.
  public func finish() throws {
    let bytes = try setup.plan.sheet(pictures, setup.request).png(
      text: setup.plan.sheetChunks(setup.request, label: label))
    if setup.destination.isStandardOutput {
      try setup.program.standardOutput(bytes)
    } else {
      try writeAtomically(bytes, to: setup.destination.path)
    }
  }
}
