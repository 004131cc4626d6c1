import Testing

@testable import DiffusionCommandLine

/// Reads the words behind a command, whichever program's it is.
func read(_ words: [String], _ command: CommandName) throws {
  switch command {
  case .train: _ = try parseTraining(words)
  case .draw: _ = try parse(words)
  default: _ = try parse([command.rawValue] + words)
  }
}

struct HelpTests {
  /// A new option cannot be forgotten in the help, nor accept nonsense: this walks the table.
  @Test(arguments: CommandName.allCases)
  func everyOptionIsInTheHelpAndChecksItsValue(command: CommandName) {
    let help = helpText(command)
    let options = optionTable.filter { $0.commands.contains(command) }
    for option in options {
      #expect(help.contains("--\(option.names[0])"), "\(option.names[0])")
      let word: String? =
        switch option.value {
        case .required: "--\(option.names[0])"
        case .none: "--\(option.names[0])=x"
        case .boolean, .optionalNumber: nil
        }
      guard let word else { continue }
      let error = #expect(throws: UsageError.self, "\(word)") { try read([word], command) }
      // It is this mistake that is told, not that more is missing.
      #expect(error?.description.hasPrefix("--\(option.names[0])") == true, "\(word): \(error?.description ?? "")")
    }
    let names = options.flatMap(\.names)
    #expect(Set(names).count == names.count)
    let shorts = options.compactMap(\.short)
    #expect(Set(shorts).count == shorts.count)
  }

  @Test("An option is described as the command has it, here and in the manual")
  func ownHelp() {
    let meanings = [
      "number of images to draw", "gives the same images; default 0", "default: automatic for drawing, 8",
      "the model that draws the pictures",
    ]
    let names = Set(options(of: .score).map { $0.names[0] })
    #expect(names.isSuperset(of: scoredHelp.keys))
    func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    for meaning in meanings {
      #expect(words(helpText(.score)).contains(meaning) && !words(helpText(.draw)).contains(meaning), "\(meaning)")
      #expect(words(manPage(of: .sample, version: "1")).contains(meaning), "\(meaning)")
    }
  }

  @Test(arguments: CommandName.allCases, [60, 80, 100])
  func helpFits(command: CommandName, width: Int) {
    for line in helpText(command, width: width).split(separator: "\n") {
      #expect(line.count <= max(width, 80), "\(line)")
    }
  }
}
