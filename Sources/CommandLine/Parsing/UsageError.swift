import DiffusionText
import Sampling

/// An invalid command line. The description is one line that says what is wrong and what to type instead.
public struct UsageError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The line.
  public let description: String

  /// An error with the given line.
  public init(_ line: Line) { description = line.text }

  /// An error with a message from another module.
  public init(verbatim line: String) { description = line }

  /// A line whose interpolated values, being user input, are `sanitized`.
  public struct Line: ExpressibleByStringInterpolation {
    fileprivate let text: String

    /// A line without values.
    public init(stringLiteral text: String) { self.text = text }

    /// A line with values.
    public init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    /// The parts of a line.
    public struct Interpolation: StringInterpolationProtocol {
      fileprivate var text = ""

      /// An empty line.
      public init(literalCapacity: Int, interpolationCount: Int) {}

      /// Adds literal text.
      public mutating func appendLiteral(_ literal: String) { text += literal }

      /// Adds a value.
      public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
        text += sanitized(value.description)
      }
    }
  }
}
