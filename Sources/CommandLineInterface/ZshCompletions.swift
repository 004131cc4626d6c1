/// A function for zsh's `compinit`, in a folder of `fpath` or sourced.
func zshCompletions() -> String {
  """
  #compdef sample
  # Completions for zsh, printed by: sample completions zsh
  _sample() {
    local command=draw
    local -a verbs
    if (( CURRENT > 2 )); then
      case $words[2] in
      (\(CommandName.withVerb.map(\.rawValue).joined(separator: "|")))
        command=$words[2]
        shift words
        (( CURRENT-- ))
        ;;
      esac
    elif (( CURRENT == 2 )); then
      verbs=(
  \(CommandName.withVerb.map { "      \(quoted("\($0.rawValue):\($0.summary)"))" }.joined(separator: "\n"))
      )
      _describe -t commands command verbs
    fi
    case $command in
  \(CommandName.ofSample.map(branch).joined(separator: "\n"))
    esac
  }
  if [[ $funcstack[1] == _sample ]]; then
    _sample "$@"
  else
    compdef _sample sample
  fi

  """
}

private func branch(_ command: CommandName) -> String {
  let specifications =
    options(of: command).flatMap(specifications)
    + command.operands.enumerated().map { i, name in
      quoted("\(i + 1):\(name):\(action(command.operandCandidates))")
    }
  return """
      (\(command.rawValue))
        _arguments -s -S \\
    \(specifications.map { "      \($0)" }.joined(separator: " \\\n"))
        ;;
    """
}

/// The option as `_arguments` takes it, once for each spelling, each of which excludes the others.
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
