/// A list of `complete` commands for fish.
func fishCompletions() -> String {
  var lines = [
    "# Completions for fish, printed by: sample completions fish",
    """
    function __sample_command_is
        set -l words (commandline -opc)
        set -l command draw
        if set -q words[2]; and contains -- $words[2] \(CommandName.withVerb.map(\.rawValue).joined(separator: " "))
            set command $words[2]
        end
        test $command = $argv[1]
    end
    function __sample_is_first
        test (count (commandline -opc)) -eq 1
    end
    function __sample_follows
        contains -- (commandline -opc)[-1] $argv
    end
    complete -c sample -f
    """,
  ]
  lines += CommandName.withVerb.map {
    "complete -c sample -n __sample_is_first -a \($0.rawValue) -d \(quoted($0.summary))"
  }
  for command in CommandName.ofSample {
    let start = "complete -c sample -n '__sample_command_is \(command.rawValue)'"
    if !command.operands.isEmpty { lines.append(start + arguments(command.operandCandidates)) }
    for option in options(of: command) {
      let short = option.short.map { " -s \($0)" } ?? ""
      // -r: a value must follow; -x: and it is no file. Without, fish offers the words behind an equals sign.
      let need = !option.needsValue ? "" : option.candidates == .files ? " -r" : " -x"
      let value = need + arguments(option.candidates)
      lines.append("\(start)\(short) -l \(option.names[0])\(value) -d \(quoted(option.help))")
    }
  }
  // A truth value may also be the next word, which fish does not expect of what need not follow.
  let truths = optionTable.filter { if case .boolean = $0.value { true } else { false } }
  lines.append(
    "complete -c sample -n '__sample_follows \(truths.flatMap(\.spellings).joined(separator: " "))' -a 'True False'")
  return lines.joined(separator: "\n") + "\n"
}

private func arguments(_ candidates: Candidates) -> String {
  switch candidates {
  case .none: ""
  case .words(let words): " -a \(quoted(words.joined(separator: " ")))"
  case .files: " -F"
  }
}

private func quoted(_ text: String) -> String {
  "'" + text.map { "\\'".contains($0) ? "\\\($0)" : String($0) }.joined() + "'"
}
