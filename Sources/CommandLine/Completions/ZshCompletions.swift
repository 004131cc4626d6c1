/// A function for zsh's `compinit`, to put in a folder of `fpath` or to source.
func zshCompletions(_ program: Program) -> String {
  let name = program.rawValue
  let choice = choice(of: program.verbs) + ["case $command in"] + program.commands.flatMap(branch) + ["esac"]
  return """
    #compdef \(name)
    # Completions for zsh, printed by: \(program.asking(for: .zsh))
    _\(name)() {
      local command=\(program.main.rawValue)
    \(choice.map { "  " + $0 }.joined(separator: "\n"))
    }
    if [[ $funcstack[1] == _\(name) ]]; then
      _\(name) "$@"
    else
      compdef _\(name) \(name)
    fi

    """
}

/// Finds the command if it has a verb, and offers the verbs.
private func choice(of verbs: [CommandName]) -> [String] {
  if verbs.isEmpty { return [] }
  return [
    "local -a verbs",
    "if (( CURRENT > 2 )); then", "  case $words[2] in", "  (\(verbs.map(\.rawValue).joined(separator: "|")))",
    "    command=$words[2]", "    shift words", "    (( CURRENT-- ))", "    ;;", "  esac",
    "elif (( CURRENT == 2 )); then", "  verbs=(",
  ] + verbs.map { "    \(quoted("\($0.rawValue):\($0.summary)"))" } + [
    "  )", "  _describe -t commands command verbs", "fi",
  ]
}

private func branch(_ command: CommandName) -> [String] {
  let specifications =
    options(of: command).flatMap(specifications)
    + command.operands.enumerated().map { i, name in
      quoted(
        "\(command.operandCount.upperBound == .max ? "*" : "\(i + 1)"):\(name):\(action(command.operandCandidates))")
    }
  return ["(\(command.rawValue))", "  _arguments -s -S \\"]
    + specifications.enumerated().map { i, line in "    " + line + (i + 1 < specifications.count ? " \\" : "") }
    + ["  ;;"]
}

/// The option in the syntax of `_arguments`, once per spelling; each spelling excludes the others.
private func specifications(_ option: OptionDefinition) -> [String] {
  let shown = option.shownNames
  let exclusion = shown.count > 1 ? "(\(shown.joined(separator: " ")))" : ""
  let value =
    switch option.value {
    case .none: ""
    case .required(let name, _): ":\(name):\(action(option.candidates))"
    case .boolean: "::BOOL:\(action(option.candidates))"
    case .optionalNumber(let name): "::\(name): "
    }
  let help = option.help.map { "[]\\".contains($0) ? "\\\($0)" : String($0) }.joined()
  return shown.map { name in
    let attaches = value.isEmpty ? "" : name.hasPrefix("--") ? "=" : "+"
    return quoted("\(exclusion)\(name)\(attaches)[\(help)]\(value)")
  }
}

private func action(_ candidates: Candidates) -> String {
  switch candidates {
  case .none: " "
  case .words(let words): "(\(words.joined(separator: " ")))"
  case .files: "_files"
  }
}

private func quoted(_ text: String) -> String {
  "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
}
