import Sampling

/// Services that outputs need from the program, since libraries neither print nor parse command lines.
public struct OutputProgram: Sendable {
  /// Writes to standard output.
  public let standardOutput: @Sendable ([UInt8]) throws -> Void
  /// Parses the command line that earlier versions stored in images; nil if it cannot.
  public let earlierRequest: @Sendable (Provenance) -> SamplingRequest?

  /// - Parameters:
  ///   - earlierRequest: without it, images of earlier versions are never recognised as the same drawing.
  ///   - standardOutput: called only if images go to standard output.
  public init(
    earlierRequest: @escaping @Sendable (Provenance) -> SamplingRequest? = { _ in nil },
    standardOutput: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    (self.earlierRequest, self.standardOutput) = (earlierRequest, standardOutput)
  }
}
