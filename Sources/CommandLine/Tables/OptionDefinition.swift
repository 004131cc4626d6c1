/// One option: what parsing, help and suggestions are made of.
struct OptionDefinition: Sendable {
  /// Whether and how a value follows.
  enum Value: Sendable {
    /// None.
    case none
    /// One, called so in the help; the example is what an error tells to type.
    case required(name: String, example: String)
    /// True or False, or nothing for True.
    case boolean
    /// A whole number, or nothing.
    case optionalNumber(name: String)
  }

  enum Group: String, Sendable, CaseIterable {
    case drawing = "Drawing"
    case training = "Training"
    case architecture = "The model and its process"
    case measuring = "Measuring"
    case converting = "Checkpoints"
    case output = "Output"
    case general = "General"
    case model = "What the model is, where its file does not say"
    case visible = "Read off its tensors: a flag that says otherwise is an error"
    case upstream = "Spellings of the original's scripts"
  }

  /// Without hyphens in front; the first is the one the help shows.
  let names: [String]
  let short: Character?
  let value: Value
  private(set) var group: Group
  /// The commands it belongs to.
  private(set) var commands: Set<CommandName>
  /// The values there are, if they are few words.
  let words: [String]
  private(set) var help: String
  /// Enters the value, already known to be there if it is required.
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

  func belonging(to commands: Set<CommandName>) -> OptionDefinition {
    var definition = self
    definition.commands = commands
    return definition
  }

  /// The same in another group, with another help.
  func moved(to group: Group, of commands: Set<CommandName>, _ help: String) -> OptionDefinition {
    var definition = belonging(to: commands)
    definition.group = group
    definition.help = help
    return definition
  }
}
