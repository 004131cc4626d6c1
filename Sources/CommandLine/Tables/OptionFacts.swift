/// Completions for a value.
enum Candidates: Equatable {
  /// None, or nothing a shell could know.
  case none
  /// One of a few words.
  case words([String])
  /// A path.
  case files
}

extension OptionDefinition.Value {
  /// Whether it is a Boolean.
  var isTruth: Bool {
    if case .boolean = self { true } else { false }
  }
}

extension OptionDefinition {
  /// Completions for the option's value.
  var candidates: Candidates {
    switch value {
    case .none, .optionalNumber: .none
    case .boolean: .words(["True", "False"])
    // The value names that stand for paths.
    case .required("FILE", _), .required("PATH", _), .required("RUN", _), .required("FOLDER", _): .files
    case .required: words.isEmpty ? .none : .words(words)
    }
  }

  /// The spellings in the help, without aliases: `-n` and `--count`.
  var shownNames: [String] { (short.map { ["-\($0)"] } ?? []) + ["--\(names[0])"] }

  /// The value as the help shows it: `N`, `[BOOL]`, or nothing.
  var shownValue: String {
    switch value {
    case .none: ""
    case .boolean: "[BOOL]"
    case .required(let name, _): name
    case .optionalNumber(let name): "[\(name)]"
    }
  }

  /// Whether a value is required.
  var needsValue: Bool {
    if case .required = value { true } else { false }
  }

  /// All spellings, including aliases.
  var spellings: [String] { (short.map { ["-\($0)"] } ?? []) + names.map { "--\($0)" } }
}

/// The options of a command, in the help's order and as its help describes them.
func options(of command: CommandName) -> [OptionDefinition] {
  let own = command == .score ? scoredHelp : [:]
  return optionTable.filter { $0.commands.contains(command) }.map { option in
    own[option.names[0]].map(option.saying) ?? option
  }
}
