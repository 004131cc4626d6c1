/// What can be typed as a value, as far as a shell can know it.
enum Candidates: Equatable {
  /// Nothing, or something that only its user knows.
  case none
  /// One of a few words.
  case words([String])
  /// A path.
  case files
}

extension OptionDefinition.Value {
  /// Whether it is True or False.
  var isTruth: Bool {
    if case .boolean = self { true } else { false }
  }
}

extension OptionDefinition {
  /// How to complete the value.
  var candidates: Candidates {
    switch value {
    case .none, .optionalNumber: .none
    case .boolean: .words(["True", "False"])
    // These are what the help calls paths.
    case .required("FILE", _), .required("PATH", _), .required("RUN", _): .files
    case .required: words.isEmpty ? .none : .words(words)
    }
  }

  /// How it is typed, without aliases: `-n` and `--count`.
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

  /// Whether a value must follow.
  var needsValue: Bool {
    if case .required = value { true } else { false }
  }

  /// All that it can be typed as, aliases included.
  var spellings: [String] { (short.map { ["-\($0)"] } ?? []) + names.map { "--\($0)" } }
}

/// The options of a command, in the order of the help.
func options(of command: CommandName) -> [OptionDefinition] { optionTable.filter { $0.commands.contains(command) } }
