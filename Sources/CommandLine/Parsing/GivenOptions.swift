import DiffusionText

/// The options that a command line has given so far, so that of two values of one none is dropped in silence.
///
/// Pasted flags may repeat what was typed: a value that is the same does no harm.
struct GivenOptions: Sendable, Equatable {
  /// Whether the last of several values counts, as it did in earlier versions, whose recorded command lines are read.
  @TaskLocal static var lastCounts = false

  /// The options' spellings and values as they were typed, by what they mean.
  private var values: [String: (spelling: String, value: String)] = [:]

  /// Reads a command line that an earlier version has recorded.
  static func asRecorded<Result>(_ read: () throws(UsageError) -> Result) throws(UsageError) -> Result {
    do { return try $lastCounts.withValue(true) { try read() } } catch let error as UsageError { throw error } catch {
      preconditionFailure("\(error) is not thrown here")
    }
  }

  /// How something was typed is no part of what is asked for.
  static func == (a: GivenOptions, b: GivenOptions) -> Bool { true }

  /// Notes that an option is given.
  ///
  /// - Parameter spelling: as it was typed, with its hyphens.
  /// - Throws: `UsageError` if it was given before with another value.
  mutating func note(
    _ definition: OptionDefinition, as spelling: String, _ value: String, of command: CommandName
  ) throws(UsageError) {
    // Each of these adds to the others.
    if definition.names[0] == "network" { return }
    let meaning = Self.meaning(definition.names[0], command)
    if let earlier = values[meaning], !Self.isSame(earlier.value, value, definition), !Self.lastCounts {
      throw UsageError(
        verbatim: """
          \(spelling) \(Self.shown(value)) contradicts \(earlier.spelling) \(Self.shown(earlier.value)); \
          type only one of them
          """)
    }
    values[meaning] = (spelling, value)
  }

  /// The spelling of one of these options that was given, by their first names; nil if none was.
  func spelling(ofAny names: Set<String>) -> String? {
    values.filter { names.contains($0.key) }.map(\.value.spelling).min()
  }

  /// A value as it can be pasted; the middle of a long one is left out.
  private static func shown(_ value: String) -> String { sanitized(shellQuoted(value)) }

  /// The option that another is a spelling of.
  private static func meaning(_ name: String, _ command: CommandName) -> String {
    let others = [
      "model-path": "model", "num-samples": "count", "timestep-respacing": "respacing", "base-samples": "low-res",
    ]
    if command != .train { return others[name] ?? (name == "batch-size" ? "batch" : name) }
    return switch name {
    case "iterations": "steps"
    case "log-dir": "out"
    case "global-batch-size": "batch-size"
    case "classifier-width": "num-channels"
    case "classifier-depth": "num-res-blocks"
    case "classifier-attention-resolutions", "classifier-use-scale-shift-norm", "classifier-resblock-updown":
      String(name.dropFirst("classifier-".count))
    default: name
    }
  }

  private static func isSame(_ a: String, _ b: String, _ definition: OptionDefinition) -> Bool {
    if a == b { return true }
    switch definition.value {
    case .none: return true
    case .boolean: return truthValue(a.isEmpty ? "True" : a) == truthValue(b.isEmpty ? "True" : b)
    case .required, .optionalNumber: return Double(a).map { $0 == Double(b) } ?? false
    }
  }
}
