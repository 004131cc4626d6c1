/// An option, for the parser, the help, the completions and suggestions.
struct OptionDefinition: Sendable {
  /// Whether an option takes a value, and which kind.
  enum Value: Sendable {
    /// None.
    case none
    /// Required; `name` is shown in the help, `example` in errors.
    case required(name: String, example: String)
    /// True or False; True if left out.
    case boolean
    /// An optional whole number.
    case optionalNumber(name: String)
  }

  enum Group: String, Sendable, CaseIterable {
    case drawing = "Drawing"
    case training = "Training"
    case architecture = "Model and diffusion process"
    case measuring = "Measuring"
    case converting = "Checkpoints"
    case output = "Output"
    case general = "General"
    case model = "Model settings, if the file does not state them"
    case visible = "Model settings that the tensors show (it is an error to contradict them)"
    case upstream = "Flags of improved-diffusion and guided-diffusion"
  }

  /// Without leading hyphens; the help shows the first.
  let names: [String]
  let short: Character?
  let value: Value
  private(set) var group: Group
  /// The commands it belongs to.
  private(set) var commands: Set<CommandName>
  /// The possible values, if they are a few words.
  let words: [String]
  private(set) var help: String
  /// Stores the value; called without one only if it is optional.
  let apply: @Sendable (_ options: inout Options, _ value: String, _ name: String) throws(UsageError) -> Void

  init(
    _ name: String, alias: String? = nil, short: Character? = nil, _ value: Value, _ group: Group,
    of commands: Set<CommandName> = [.draw], words: [String] = [], _ help: String,
    apply: @escaping @Sendable (inout Options, String, String) throws(UsageError) -> Void
  ) {
    names = [name] + (alias.map { [$0] } ?? [])
    self.short = short
    self.value = value
    self.group = group
    self.commands = commands
    self.words = words
    self.help = help
    self.apply = apply
  }

  /// The same for `sample score` too, which draws pictures as they are compared, if it says how to draw.
  var alsoScored: OptionDefinition {
    commands.contains(.draw) && !names.contains("index") ? belonging(to: commands.union([.score])) : self
  }

  func belonging(to commands: Set<CommandName>) -> OptionDefinition {
    var definition = self
    definition.commands = commands
    return definition
  }

  /// A copy with another help text.
  func saying(_ help: String) -> OptionDefinition {
    var definition = self
    definition.help = help
    return definition
  }

  /// A copy in another group, with another help text.
  func moved(to group: Group, of commands: Set<CommandName>, _ help: String) -> OptionDefinition {
    var definition = belonging(to: commands).saying(help)
    definition.group = group
    return definition
  }
}
