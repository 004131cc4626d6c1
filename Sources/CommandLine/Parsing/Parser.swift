import DiffusionCore
import DiffusionOutput
import DiffusionText

/// Parses a command line, without the program's name.
///
/// Options are `--name value` or `--name=value`, some also `-n value` or `-nvalue`. Underscores are the same as
/// hyphens, `--` ends the options, and an option that is given twice has the same value both times.
///
/// - Throws: `UsageError` for the first mistake.
public func parse(_ arguments: [String]) throws(UsageError) -> Command {
  var options = Options()
  var rest = arguments[...]
  var command = CommandName.draw
  if let verb = rest.first.flatMap(CommandName.init(rawValue:)), Program.sample.verbs.contains(verb) {
    command = verb
    rest.removeFirst()
  }
  // A request for help is granted even if the rest is wrong.
  let words = arguments.prefix { $0 != "--" }
  if words.contains("--help") || words.contains("-h") { return .help(command) }
  if words.contains("--version") { return .version }
  let operands = try enter(&rest, command, into: &options)
  if operands.count < command.operandCount.lowerBound {
    if let example = command.operandExample {
      throw UsageError("\(command.rawValue) needs an image; type for instance \(shown(command)) \(example)")
    }
    throw UsageError(
      """
      \(command.rawValue) needs \(command.operands[operands.count]); \
      type \(shown(command)) \(command.operands.joined(separator: " "))
      """)
  }
  switch command {
  case .draw:
    if options.listsSamplers { return .samplers }
    options.takeUpstreamDefaults()
    try validate(options)
    return .draw(options)
  case .bench:
    if options.request.noise != nil && options.bench.batches.count > 1
      && options.bench.batches != BenchOptions().batches
    {
      throw UsageError("--noise holds one batch; type one number after --batch, or leave --batch out")
    }
    if options.bench.training && (options.request.noise != nil || options.bench.out != nil) {
      throw UsageError("--training uses random data and writes nothing; leave --noise and --out out")
    }
    return .bench(options)
  case .inspect:
    options.request.model = operands[0]
    return .inspect(options)
  case .reproduce: return .reproduce(options, image: operands[0])
  case .show: return .show(image: operands[0])
  case .encode, .reconstruct, .interpolate, .nll: return try inversion(command, operands, options)
  case .score: return .score(try scoring(operands, options))
  case .run: return .run(options, requests: operands[0])
  case .convert:
    options.request.model = operands[0]
    return .convert(options, to: try CheckpointDestination(operands[1], from: operands[0]))
  case .completions:
    guard let shell = Shell(rawValue: operands[0]) else {
      throw UsageError("there are no completions for \"\(operands[0])\"; type sample completions bash, zsh or fish")
    }
    return .completions(shell)
  case .man: return .man
  case .train: preconditionFailure("train is a program of its own")
  }
}

/// Applies all options of a command to `options`; returns its operands.
func enter(
  _ rest: inout ArraySlice<String>, _ command: CommandName, into options: inout Options
) throws(UsageError) -> [String] {
  var operands: [String] = []
  if let refusal = OtherAlgorithms.refusal(rest, of: command) { throw refusal }
  /// Takes an operand.
  func take(_ word: String) throws(UsageError) {
    if let home = homeExpanded(word) { throw UsageError(verbatim: "\(sanitized(word)): \(tildeReason); type \(home)") }
    guard operands.count < command.operandCount.upperBound else { throw strayWord(word, command) }
    operands.append(word)
  }
  while let word = rest.popFirst() {
    if word == "--" {
      while let word = rest.popFirst() { try take(word) }
    } else if word.hasPrefix("--") {
      try parseLong(word, command, &rest, &options)
    } else if word.hasPrefix("-") && word != "-" {
      try parseShort(word, command, &rest, &options)
    } else {
      try take(word)
    }
  }
  return operands
}

/// The command as typed.
func shown(_ command: CommandName) -> String {
  switch command {
  case .draw: "sample"
  case .train: "train"
  default: "sample \(command.rawValue)"
  }
}

/// `--name`, `--name=value`, `--name value`.
private func parseLong(
  _ word: String, _ command: CommandName, _ rest: inout ArraySlice<String>, _ options: inout Options
) throws(UsageError) {
  let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
  let name = String(parts[0].map { $0 == "_" ? "-" : $0 })
  guard let definition = optionTable.first(where: { $0.commands.contains(command) && $0.names.contains(name) }) else {
    if let refusal = command.refusal(of: name) { throw refusal }
    let value = parts.count > 1 ? String(parts[1]) : rest.first.flatMap { $0.hasPrefix("-") ? nil : $0 }
    if let error = ForeignFlags.error("--\(parts[0])", value, of: command) { throw error }
    if let others = optionTable.first(where: { $0.names.contains(name) })?.commands,
      let other = CommandName.allCases.first(where: others.contains)
    {
      throw UsageError("--\(name) belongs to \(shown(other)), not to \(shown(command)); leave it out")
    }
    let known = optionTable.filter { $0.commands.contains(command) }.flatMap(\.names)
    let suggestion =
      nearest(name, known).map { "; did you mean --\($0)?" } ?? "; \(shown(command)) --help lists all options"
    throw UsageError("there is no option --\(parts[0])\(suggestion)")
  }
  let attached = parts.count > 1 ? String(parts[1]) : nil
  try apply(definition, as: "--\(name)", name, attached, command, &rest, &options)
}

/// `-q`, `-n 5`, `-n5`, `-qn5`.
private func parseShort(
  _ word: String, _ command: CommandName, _ rest: inout ArraySlice<String>, _ options: inout Options
) throws(UsageError) {
  var letters = word.dropFirst()
  while let letter = letters.popFirst() {
    guard let definition = optionTable.first(where: { $0.commands.contains(command) && $0.short == letter }) else {
      let name = String(word.dropFirst())
      let isName = optionTable.contains { $0.names.contains(name) }
      let value = letters.isEmpty ? rest.first.flatMap { $0.hasPrefix("-") ? nil : $0 } : String(letters)
      if !isName, let error = ForeignFlags.error("-\(letter)", value, of: command) { throw error }
      let suggestion =
        isName ? "; did you mean --\(name)?" : "; \(shown(command)) --help lists all options"
      throw UsageError("there is no option -\(letter)\(suggestion)")
    }
    if case .none = definition.value {
      try definition.apply(&options, "", definition.names[0])
      continue
    }
    var attached: String?
    if !letters.isEmpty { attached = String(letters.first == "=" ? letters.dropFirst() : letters) }
    return try apply(definition, as: "-\(letter)", definition.names[0], attached, command, &rest, &options)
  }
}

/// Finds the value of an option and applies it.
private func apply(
  _ definition: OptionDefinition, as shown: String, _ name: String, _ attached: String?, _ command: CommandName,
  _ rest: inout ArraySlice<String>, _ options: inout Options
) throws(UsageError) {
  func enter(_ value: String) throws(UsageError) {
    try options.given.note(definition, as: shown, value, of: command)
    try definition.apply(&options, value, name)
  }
  switch definition.value {
  case .none:
    if let attached { throw UsageError("\(shown) takes no value, but has \"\(attached)\"; type \(shown) alone") }
    try enter("")
  case .boolean:
    var value = attached ?? ""
    if attached == nil, let next = rest.first, truthValue(next) != nil { value = rest.removeFirst() }
    try enter(value)
  case .optionalNumber:
    var value = attached ?? ""
    if attached == nil, let next = rest.first, isWholeNumber(next[...]) { value = rest.removeFirst() }
    try enter(value)
  case .required(_, let example):
    let value: String
    if let attached {
      value = attached
    } else {
      guard let next = rest.first else {
        throw UsageError("\(shown) needs a value; type for instance \(shown) \(example)")
      }
      let isNumber = Double(next) != nil
      guard !next.hasPrefix("-") || next == "-" || isNumber else {
        throw UsageError(
          verbatim: """
            \(shown) needs a value, but \(sanitized(next)) follows; \
            type for instance \(shown) \(example), or \(shown)=\(advised(next)) if that is meant
            """)
      }
      value = rest.removeFirst()
    }
    // An empty value means "none" in the original scripts.
    guard !value.isEmpty || ["respacing", "channel-mult", "resume-checkpoint"].contains(where: name.hasSuffix) else {
      throw UsageError("\(shown) has an empty value; type for instance \(shown) \(example)")
    }
    if definition.candidates == .files, let home = homeExpanded(value) {
      throw UsageError(verbatim: "\(shown) \(sanitized(value)): \(tildeReason); type \(shown) \(home)")
    }
    try enter(value)
  }
}

extension Options {
  /// Draws as the original scripts do where their flags were given and ours do not say otherwise: with DDPM, over all
  /// timesteps of the model.
  fileprivate mutating func takeUpstreamDefaults() {
    let chooses =
      request.steps != nil || request.timesteps != nil || request.sigmas != nil || request.scales != nil
    // In the scripts an empty value means none.
    if request.respacing == "", chooses { request.respacing = nil }
    let isOurs = request.eta != nil || request.spacing != nil || request.sampler != nil && !usesDDIMFlag
    if usesModelPathFlag || usesDDIMFlag, request.respacing == nil, !chooses, !isOurs { request.respacing = "" }
    let isRespaced = isUpstreamRespacing && request.respacing?.isEmpty == false
    if isRespaced, request.sampler == nil, request.eta == nil {
      request.sampler = DDPM.info.name
    }
  }
}

/// Checks combinations of options that are invalid for any model.
///
/// - Throws: `UsageError`.
func validate(_ options: Options) throws(UsageError) {
  let (request, output) = (options.request, options.output)
  if let problem = request.problem { throw UsageError(verbatim: problem) }
  // With --resume the files know the seed.
  if let shard = request.shard, shard.count > 1, request.seed == nil, !output.resume {
    throw UsageError(verbatim: shard.needsSeed)
  }
  try validateWords(options)
  if options.preview {
    if options.quiet { throw UsageError("--quiet and --preview contradict each other; type only one of them") }
    if options.progress == .plain {
      throw UsageError("--preview redraws in place, but --progress plain prints line after line; type only one of them")
    }
  }
  let images = request.index?.count ?? request.count
  if let problem = output.problem(images: images, isTorch: request.noiseStream == .torch) {
    throw UsageError(verbatim: problem)
  }
}

/// Checks the options for output on standard error.
func validateWords(_ options: Options) throws(UsageError) {
  if options.quiet, let progress = options.progress, progress != .none {
    throw UsageError("--quiet and --progress \(progress.rawValue) contradict each other; type only one of them")
  }
}

/// Parses the value of `--out`.
func destination(_ text: String) throws(UsageError) -> OutputDestination {
  do { return try OutputDestination(text) } catch { throw UsageError(verbatim: error.description) }
}
