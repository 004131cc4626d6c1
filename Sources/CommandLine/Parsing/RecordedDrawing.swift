import Sampling

/// How an image was drawn, as recorded by any version.
public struct RecordedDrawing: Sendable, Equatable {
  /// The request, except for the model.
  public var request: SamplingRequest
  /// Enlargement of each pixel.
  public let scale: Int
  /// Bits of each sample.
  public let bits: Int
  /// Set if the file shows the denoising rather than the image alone.
  public let view: Provenance.View?

  /// Reads an image's record.
  ///
  /// - Throws: `UsageError` if an earlier version stored words that this one does not know.
  public init(_ provenance: Provenance) throws(UsageError) {
    switch provenance.drawing {
    case .request(let request):
      (self.request, scale, bits, view) = (request, provenance.scale, provenance.bits, provenance.view)
    case .arguments(let words, _, _):
      let options = try Self.options(words)
      request = options.request
      (scale, bits) = (options.output.scale, 8)
      view = options.output.strip != nil ? .strip : nil
      // Earlier versions stored class indices, even for classes with names.
      if let label = provenance.label { request.classes = [.index(label)] }
    }
  }

  /// Parses stored words; `--out` is added because `reconstruct` draws no image without it.
  private static func options(_ words: [String]) throws(UsageError) -> Options {
    let command = try GivenOptions.asRecorded { () throws(UsageError) in
      try parse(words + ["--out", "again.png"])
    }
    switch command {
    case .draw(let options), .reconstruct(let options, _), .interpolate(let options): return options
    default: throw UsageError("its metadata does not say how an image is drawn")
    }
  }
}
