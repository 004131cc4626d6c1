/// A setting of a model, and where it comes from.
public struct ResolvedSetting: Sendable, Equatable {
  /// The setting's key in a sidecar file, for instance `num_heads`.
  public let key: String
  /// The value as text, for instance `4` or `1,2,2,2`.
  public let value: String
  /// Where the setting comes from.
  public let source: Source

  /// The sources of settings, in order of precedence.
  public enum Source: Sendable, Equatable {
    /// The names and shapes of the tensors.
    case tensors
    /// The metadata, sidecar file or folder configuration that describes the tensors.
    case file(String)
    /// The command line or a request.
    case stated
    /// The published model with exactly these shapes.
    case published(String)
    /// The defaults of the model's family.
    case upstream(String)

    /// How the setting is known, as text for a table.
    public var text: String {
      switch self {
      case .tensors: "read off the tensors"
      case .file(let file): "said by \(file)"
      case .stated: "said on the command line"
      case .published(let name): "known of \(name)"
      case .upstream(let family): "assumed, as \(family) does"
      }
    }
  }

  /// Creates a setting known from `source`.
  public init(key: String, value: String, source: Source) {
    (self.key, self.value, self.source) = (key, value, source)
  }
}
