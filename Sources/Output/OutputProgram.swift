import Sampling

/// What a program does for outputs: libraries print nothing and know of no command lines.
public struct OutputProgram: Sendable {
  /// Writes to standard output.
  public let standardOutput: @Sendable ([UInt8]) throws -> Void
  /// Reads how images of earlier versions were drawn, which stored command lines; nil for what it does not understand.
  public let earlierRequest: @Sendable (Provenance) -> SamplingRequest?

  /// - Parameters:
  ///   - earlierRequest: images of earlier versions are drawn anew unless it is given.
  ///   - standardOutput: is called only where images go there.
  public init(
    earlierRequest: @escaping @Sendable (Provenance) -> SamplingRequest? = { _ in nil },
    standardOutput: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    (self.earlierRequest, self.standardOutput) = (earlierRequest, standardOutput)
  }
}
