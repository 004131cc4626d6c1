/// A list of `complete` commands for fish.
func fishCompletions(_ program: Program) -> String {
  let name = program.rawValue
  var lines = [
    "# Completions for fish, printed by: \(program.asking(for: .fish))",
    """
    function __\(name)_command_is
        set -l words (commandline -opc)
        set -l command \(program.main.rawValue)
        if set -q words[2]; and contains -- $words[2] \(program.verbs.map(\.rawValue).joined(separator: " "))
            set command $words[2]
        end
        test $command = $argv[1]
    end
    function __\(name)_is_first
        test (count (commandline -opc)) -eq 1
    end
    function __\(name)_follows
        contains -- (commandline -opc)[-1] $argv
    end
    complete -c \(name) -f
    """,
  ]
  lines += program.verbs.map {
    "complete -c \(name) -n __\(name)_is_first -a \($0.rawValue) -d \(quoted($0.summary))"
  }
  for command in program.commands {
    let start = "complete -c \(name) -n '__\(name)_command_is \(command.rawValue)'"
    if !command.operands.isEmpty { lines.append(start + arguments(command.operandCandidates)) }
    for option in options(of: command) {
      let short = option.short.map { " -s \($0)" } ?? ""
      // -r: a value is required; -x: and it is not a file. Without them, fish offers words only after an equals sign.
      let need = !option.needsValue ? "" : option.candidates == .files ? " -r" : " -x"
      let value = need + arguments(option.candidates)
      lines.append("\(start)\(short) -l \(option.names[0])\(value) -d \(quoted(option.help))")
    }
  }
  // A Boolean value may also be a separate word, which fish does not expect for an optional value.
  let truths = program.commands.flatMap(options).filter { $0.value.isTruth }.flatMap(\.spellings)
  var seen: Set<String> = []
  let words = truths.filter { seen.insert($0).inserted }.joined(separator: " ")
  lines.append("complete -c \(name) -n '__\(name)_follows \(words)' -a 'True False'")
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
