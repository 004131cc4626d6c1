/// A command line that cannot be followed. The description is one line that says what is wrong and what to type instead.
public struct UsageError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The line.
  public let description: String

  /// An error with the given line.
  public init(_ description: String) { self.description = description }
}
