import Sampling

/// How an image says that it was drawn, whichever version wrote it.
public struct RecordedDrawing: Sendable, Equatable {
  /// What draws it, but for the model.
  public var request: SamplingRequest
  /// How many times each pixel was enlarged.
  public let scale: Int
  /// What is shown of the drawing, if not the image alone.
  public let view: Provenance.View?

  /// Reads what an image says.
  ///
  /// - Throws: `UsageError` for the words of an earlier version that this one does not know.
  public init(_ provenance: Provenance) throws(UsageError) {
    switch provenance.drawing {
    case .request(let request):
      (self.request, scale, view) = (request, provenance.scale, provenance.view)
    case .arguments(let words, _, _):
      let options = try Self.options(words)
      request = options.request
      scale = options.output.scale
      view = options.output.strip != nil ? .strip : nil
      // Earlier versions stored indices of classes, whatever these are called.
      if let label = provenance.label { request.classes = [.index(label)] }
    }
  }

  /// The options that draw an image; what is drawn goes to a file, as `reconstruct` need not write any.
  private static func options(_ words: [String]) throws(UsageError) -> Options {
    switch try parse(words + ["--out", "again.png"]) {
    case .draw(let options), .reconstruct(let options, _), .interpolate(let options): return options
    default: throw UsageError("what it says of itself is not how an image is drawn")
    }
  }
}
