import DiffusionText
import Sampling

/// A command line that cannot be followed. The description is one line that says what is wrong and what to type instead.
public struct UsageError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The line.
  public let description: String

  /// An error with the given line.
  public init(_ line: Line) { description = line.text }

  /// An error that another module has put into words.
  public init(verbatim line: String) { description = line }

  /// A line whose inserted values are `sanitized`, as they are what somebody has typed.
  public struct Line: ExpressibleByStringInterpolation {
    fileprivate let text: String

    /// A line without values.
    public init(stringLiteral text: String) { self.text = text }

    /// A line with values.
    public init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    /// What a line is put together of.
    public struct Interpolation: StringInterpolationProtocol {
      fileprivate var text = ""

      /// An empty line.
      public init(literalCapacity: Int, interpolationCount: Int) {}

      /// Adds words of the program.
      public mutating func appendLiteral(_ literal: String) { text += literal }

      /// Adds a value.
      public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
        text += sanitized(value.description)
      }
    }
  }
}
