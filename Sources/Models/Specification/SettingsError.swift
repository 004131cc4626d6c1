/// Why what the command line asks cannot be done with this model, data or folder. One sentence.
public struct SettingsError: Error, CustomStringConvertible {
  /// One sentence that says what is wrong and what to do.
  public let description: String

  /// An error that says so.
  public init(_ description: String) { self.description = description }
}
