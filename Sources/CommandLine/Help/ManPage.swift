/// The manual page, in man(7) macros, generated from the option table.
///
/// - Parameters:
///   - program: the program it describes.
///   - version: the program's version.
public func manPage(of program: Program, version: String) -> String {
  let name = program.rawValue
  var lines = [
    // No date: the version identifies the page, and the build stays reproducible.
    ".TH \(name.uppercased()) 1 \"\" \"\(name) \(roff(version))\" \"User Commands\"",
    // Left-aligned and without hyphenation, so that option names stay whole.
    ".ad l", ".nh",
    ".SH NAME", roff("\(name) - \(program.summary)"),
    ".SH SYNOPSIS",
  ]
  lines += Array(program.commands.flatMap(synopses).map { [$0] }.joined(separator: [".br"]))
  lines += [".SH DESCRIPTION"]
  if program.verbs.isEmpty {
    lines += [roff("\(name) \(program.main.summary).")]
  } else {
    lines += [roff("Without a command, \(name) \(program.main.summary). The commands:")]
    for command in program.verbs { lines += [".TP", bold(shown(command)), roff("\(command.summary).")] }
  }
  lines += [".PP", roff(spellingNote), ".SH OPTIONS"]
  for group in OptionDefinition.Group.allCases {
    let table = options(of: program.main).filter { $0.group == group }
    if !table.isEmpty { lines += [".SS " + roff(group.rawValue)] + table.flatMap(item) }
  }
  lines += program.verbs.flatMap(section)
  lines += [".SH \"EXIT STATUS\""]
  for (status, meaning) in exitStatuses { lines += [".TP", bold("\(status)"), roff(meaning)] }
  lines += [
    ".SH ENVIRONMENT", ".TP", bold("SAMPLE_KERNELS"),
    roff(
      """
      selects the kernels for an instruction set: baseline, avx2 or avx512; default: the fastest that the CPU supports
      """),
    ".SH EXAMPLES",
  ]
  for (meaning, line) in program.commands.flatMap(examples) {
    lines += [".PP", roff(meaning), ".PP", ".RS 4", ".EX", roff(line), ".EE", ".RE"]
  }
  lines += [".SH \"SEE ALSO\""]
  lines += [Program.allCases.filter { $0 != program }.map { "\(bold($0.rawValue))(1)" }.joined(separator: ", ")]
  return lines.joined(separator: "\n") + "\n"
}

/// The usage lines of a command, without `--help`, which all of them have.
private func synopses(_ command: CommandName) -> [String] {
  if command == .train {
    return ["--data PATH --out RUN", "--resume RUN"].map { words in
      "\(bold("train")) "
        + words.split(separator: " ").map { $0.hasPrefix("-") ? bold(String($0)) : italic(String($0)) }
        .joined(separator: " ")
        + " [\(italic("OPTION"))]..."
    }
  }
  let operands = command.operands.map { " " + italic($0) }.joined()
  let hasOptions = options(of: command).count > 1
  return ["\(bold(shown(command)))\(operands)" + (hasOptions ? " [\(italic("OPTION"))]..." : "")]
}

/// The section of a command with a verb; options that are the same for drawing are only named.
private func section(_ command: CommandName) -> [String] {
  let table = options(of: command)
  let drawing = Dictionary(uniqueKeysWithValues: options(of: .draw).map { ($0.names[0], $0.help) })
  func isShared(_ option: OptionDefinition) -> Bool { drawing[option.names[0]] == option.help }
  let (shared, own) = (table.filter(isShared), table.filter { !isShared($0) })
  var lines = [".SH \"\(roff(shown(command).uppercased()))\"", roff("\(command.usage) \(command.summary).")]
  lines += own.flatMap(item)
  lines += [".PP", "It also takes these of the options above:"]
  lines += shared.enumerated().map { i, option in bold("--\(option.names[0])") + (i + 1 < shared.count ? "," : ".") }
  return lines
}

private func item(_ option: OptionDefinition) -> [String] {
  let names = option.shownNames.map(bold).joined(separator: ", ")
  return [".TP", names + (option.shownValue.isEmpty ? "" : " \(italic(option.shownValue))"), roff(option.help)]
}

private func bold(_ text: String) -> String { "\\fB\(roff(text))\\fR" }

private func italic(_ text: String) -> String { "\\fI\(roff(text))\\fR" }
