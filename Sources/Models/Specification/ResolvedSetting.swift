/// One thing known of a model, and how.
public struct ResolvedSetting: Sendable, Equatable {
  /// The key under which a file beside the model would say it, for instance `num_heads`.
  public let key: String
  /// For instance `4` or `1,2,2,2`.
  public let value: String
  /// How it is known.
  public let source: Source

  /// Where a setting comes from; of several, the first that says something counts.
  public enum Source: Sendable, Equatable {
    /// The names and shapes of the tensors.
    case tensors
    /// What stands beside the tensors: metadata, a sidecar, a folder's configuration.
    case file(String)
    /// The command line, or a request.
    case stated
    /// The published model of just these shapes.
    case published(String)
    /// What the original assumes if it is told nothing.
    case upstream(String)

    /// For a table: how something is known.
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

  /// A setting that is known from `source`.
  public init(key: String, value: String, source: Source) {
    (self.key, self.value, self.source) = (key, value, source)
  }
}
