import DiffusionText
import Testing

@testable import DiffusionCommandLine

/// What no option was made for, typed after every one there is, which the table says: each is understood, or refused in
/// one line that names the option and says what to type.
struct LimitsTests {
  /// An option, under one of its names, of one of its commands.
  struct Subject: Sendable, CustomStringConvertible {
    let definition: OptionDefinition
    let command: CommandName
    let spelling: String

    var description: String { "\(shown(command)) \(spelling)" }

    /// What else it takes for the option to make sense.
    private var companions: [String] {
      let words: [String: String] = [
        "classifier-scale": "--classifier c.pt", "strength": "--init-image p.png", "mask": "--init-image p.png",
        "s-tmin": "--s-churn 40", "s-tmax": "--s-churn 40", "s-noise": "--s-churn 40",
        "jump-length": "--init-image p.png --mask m.png", "jump-count": "--init-image p.png --mask m.png",
      ].merging(
        command == .score ? [:] : ["count": "--out x.npz", "num-samples": "--out x.npz", "index": "--out x.npz"]
      ) { $1 }
      let first = definition.names[0]
      let line: String? =
        switch (command, first) {
        case (.reconstruct, "grid"), (.reconstruct, "scale"): "--out sheet.png"
        case (.interpolate, "seed"): nil
        case (.interpolate, _): "--seed 1..2"
        case (.score, "reference"): "--model m --features c"
        case (.score, "features"): "--model m --reference r"
        case (.score, "inception"): "--model m --reference r"
        case (.score, "resize"): "--model m --reference r --inception i"
        case (.score, "nearest"): "--reference r --features c"
        case (.score, "held-out"), (.score, "out"): "--reference r --features c --nearest 2"
        case (.score, "model"), (.score, "model-path"): "--reference r --features c"
        case (.score, _): "--model m --reference r --features c" + (words[first].map { " \($0)" } ?? "")
        case (.train, "resume"): nil
        case (.train, "null-class"): "--data d --out run --class-cond True"
        case (.train, "distill"): "--data d --out run --steps 100"
        case (.train, "distill-stage"): "--data d --out run --distill m"
        case (.train, "microbatch"): "--data d --out run --batch-size 1000000"
        case (.train, "score-interval"): "--data d --out run --features c"
        case (.train, "inception"): "--data d --out run --score-interval 5"
        case (.train, "score-count"), (.train, "reference"): "--data d --out run --score-interval 5 --features c"
        case (.train, "features"): "--data d --out run --score-interval 5"
        case (.train, "out"): "--data d"
        case (.train, "data"): "--out run"
        case (.train, _): "--data d --out run"
        default: words[first]
        }
      return line?.split(separator: " ").map(String.init) ?? []
    }

    private var operands: [String] {
      if command == .score {
        return ["nearest", "held-out", "out"].contains(definition.names[0]) ? ["x.npz"] : []
      }
      return command == .interpolate
        ? [] : command.operandCount == 0...0 ? [] : command.operands.map { _ in "x.safetensors" }
    }

    /// Parses the option as `typed`, with all else that the command needs.
    func parse(_ typed: [String]) throws(UsageError) {
      if command == .train {
        _ = try parseTraining(companions + typed)
      } else {
        let verb = command == .draw ? [] : [command.rawValue]
        _ = try DiffusionCommandLine.parse(verb + companions + typed + (operands.isEmpty ? [] : ["--"] + operands))
      }
    }

    /// The ways to give it a value.
    func ways(_ value: String) -> [[String]] {
      let isShort = !spelling.hasPrefix("--")
      let attached = isShort ? [[spelling + value], ["\(spelling)=\(value)"]] : [["\(spelling)=\(value)"]]
      // A value that may be left out is another word.
      return definition.needsValue ? attached + [[spelling, value]] : attached
    }
  }

  static let subjects: [Subject] = optionTable.flatMap { definition -> [Subject] in
    if case .none = definition.value { return [] }
    return CommandName.allCases.filter(definition.commands.contains).flatMap { command in
      definition.spellings.map { Subject(definition: definition, command: command, spelling: $0) }
    }
  }

  static let values = [
    "", "0", "1", "-1", "-0", "+1", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "-9223372036854775808", "nan", "NaN", "inf", "-inf", "-Infinity", "1e308", "-1e308",
    "1e999",
    "1e-999", "0x10", "1_000", "٣", "１", "½", "1,", ",", "1,,2", "0-9223372036854775807", "0-9223372036854775806",
    "9223372036854775806", "9223372036854775807-0", "1/0", "0/1", "9223372036854775807/9223372036854775807", "1..",
    "..",
    "9223372036854775807..18446744073709551615", "--", "-", "-x", "%", "%s%n", "%999d.png", "%9999d.png", "a\nb", "\n",
    "a\tb\rc", "\u{1B}[2J\u{7}", "\u{0}", "\u{7F}\u{85}\u{2028}\u{2029}", "\u{202E}gnp.exe", "\u{FFFD}.png", " ", " 1",
    "1 ", "'", "\"", "$(reboot)", "true\n", String(repeating: "-", count: 5000), String(repeating: "1,", count: 5000),
  ]

  /// What an option says to a value; nil if it takes it.
  private func refusal(_ subject: Subject, _ typed: [String]) -> String? {
    do {
      try subject.parse(typed)
      return nil
    } catch { return error.description }
  }

  private func expectOneLine(_ message: String, _ what: String) {
    let isClean = message.unicodeScalars.allSatisfy {
      ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
    }
    #expect(isClean, "\(what): \(message)")
    #expect(message.utf8.count <= 1000, "\(what): \(message)")
  }

  private func expectClear(_ message: String, _ subject: Subject) {
    expectOneLine(message, "\(subject)")
    let names = subject.definition.spellings
    #expect(names.contains { message.hasPrefix("\($0): ") || message.hasPrefix("\($0) ") }, "\(subject): \(message)")
    #expect(
      ["type ", "did you mean", "is not one of", "leave "].contains { message.contains($0) }, "\(subject): \(message)")
  }

  @Test(arguments: subjects) func isUnderstoodOrRefused(_ subject: Subject) {
    for value in Self.values {
      for typed in subject.ways(value) {
        if let message = refusal(subject, typed) { expectClear(message, subject) }
      }
    }
  }

  /// What takes long to read must not take long to refuse.
  @Test(.timeLimit(.minutes(20)), arguments: ["a", "9"]) func longWords(of character: String) {
    let value = String(repeating: character, count: 1 << 20)
    for definition in optionTable {
      guard let subject = Self.subjects.first(where: { $0.definition.names == definition.names }) else { continue }
      if let message = refusal(subject, ["\(subject.spelling)=\(value)"]) { expectClear(message, subject) }
    }
    for word in [value, "--\(value)", "-\(value)"] {
      if let error = #expect(throws: UsageError.self, performing: { try parse([word]) }) {
        expectOneLine(error.description, "a long word")
      }
    }
  }

  /// What the help and the errors tell to type is taken.
  @Test(arguments: subjects) func examplesAreTaken(_ subject: Subject) {
    guard case .required(_, let example) = subject.definition.value else { return }
    // The one that is there to be refused.
    if subject.command == .train && subject.spelling == "--timestep-respacing" { return }
    // Parts need a seed.
    let others = subject.spelling == "--shard" ? ["--seed", "1"] : []
    #expect(refusal(subject, [subject.spelling, example] + others) == nil, "\(subject)")
    for word in subject.definition.words {
      #expect(refusal(subject, [subject.spelling, word]) == nil, "\(subject) \(word)")
    }
  }

  /// Where an error names the ends of a range, they are taken, and nothing beyond.
  @Test(arguments: subjects) func endsOfRangesAreTaken(_ subject: Subject) throws {
    guard let message = refusal(subject, ["\(subject.spelling)=99999999999999999999"]),
      let ends = message.firstMatch(of: /number from (\d+) to (\d+)/)
    else { return }
    let (least, most) = (try #require(Int(ends.1)), try #require(UInt64(ends.2)))
    let beyond = most == .max ? "18446744073709551616" : "\(most + 1)"
    for (value, isTaken) in [("\(least)", true), ("\(most)", true), ("\(least - 1)", false), (beyond, false)] {
      // Where -1 means something, the help says so.
      if value == "-1" && subject.definition.help.contains("-1") { continue }
      let message = refusal(subject, ["\(subject.spelling)=\(value)"])
      #expect((message == nil) == isTaken, "\(subject) \(value): \(message ?? "is taken")")
    }
  }

  /// Numbers are most of what can be wrong: not to find their ranges would leave them untested.
  @Test func rangesAreFound() {
    let count = Self.subjects.count {
      refusal($0, ["\($0.spelling)=99999999999999999999"])?.contains(/number from \d+ to \d+/) ?? false
    }
    #expect(count > 50)
  }

  /// Words that belong to no option, and options that there are none of.
  @Test(arguments: CommandName.allCases) func strayWords(_ command: CommandName) {
    for word in Self.values {
      for typed in [[word], ["--\(word)"], ["-\(word)"], ["--steps=\(word)"], ["--", word, word, word]] {
        do {
          if command == .train {
            _ = try parseTraining(typed)
          } else {
            _ = try parse((command == .draw ? [] : [command.rawValue]) + typed)
          }
        } catch { expectOneLine(error.description, "\(shown(command)) \(word.prefix(20))") }
      }
    }
  }

  @Test func whatIsInsertedIsLegible() {
    #expect(sanitized("Größe 7.png") == "Größe 7.png")
    #expect(sanitized("a\nb\u{1B}[2J\u{202E}") == "a\\nb\\u{1B}[2J\\u{202E}")
    #expect(sanitized(String(repeating: "ä", count: 200)) == String(repeating: "ä", count: 200))
    let long = sanitized("b" + String(repeating: "a", count: 500) + "c")
    #expect(long == "b" + String(repeating: "a", count: 59) + "…" + String(repeating: "a", count: 59) + "c")
    #expect(UsageError("x\n\("y\nz")").description == "x\ny\\nz")
  }
}
