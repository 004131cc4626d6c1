import DiffusionText

/// Of the words of a command line that draws, those that say what is drawn, for a command that draws it again: without what writes files, keeps
/// them or replaces them, whoever put it there. An animation, or steps side by side, go to a file named `again-…`.
///
/// - Parameter words: without the name of the program, a verb in front if there is one.
/// - Throws: `UsageError` for words that draw nothing, or that this version does not know.
public func drawingWords(_ words: [String]) throws(UsageError) -> [String] {
  let verb = words.prefix(1).filter { !$0.hasPrefix("-") }
  let command = verb.first.flatMap(CommandName.init(rawValue:)) ?? .draw
  guard CommandName.drawing.contains(command), verb.isEmpty || command != .draw else {
    throw UsageError("\(words.first ?? "") draws nothing")
  }
  var kept = verb
  var rest = words.dropFirst(verb.count)
  while let word = rest.popFirst() {
    guard word.hasPrefix("--"), word != "--" else {
      kept.append(word)
      continue
    }
    let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first.map(String.init),
      let option = optionTable.first(where: { $0.commands.contains(command) && $0.names.contains(name) })
    else { throw UsageError("there is no option \(word)") }
    var value = parts.count > 1 ? String(parts[1]) : nil
    if value == nil, option.needsValue || rest.first.map({ isWholeNumber($0[...]) }) == true { value = rest.popFirst() }
    if ["frames", "strip"].contains(name), option.group == .output {
      kept += ["--\(name)", "again-\(name).png"]
      continue
    }
    guard option.saysWhatIsDrawn else { continue }
    // A value that looks like an option is taken for one, unless it is attached.
    let isAttached = parts.count > 1 || value?.hasPrefix("-") == true
    kept += isAttached ? ["--\(name)=\(value ?? "")"] : ["--\(name)"] + (value.map { [$0] } ?? [])
  }
  return kept
}

extension OptionDefinition {
  /// Whether an image depends on it, or which images there are.
  fileprivate var saysWhatIsDrawn: Bool {
    switch group {
    case .drawing, .model: true
    case .output: ["grid", "scale", "shard"].contains(names[0])
    default: false
    }
  }
}
