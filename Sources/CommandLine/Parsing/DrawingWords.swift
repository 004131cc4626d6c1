import DiffusionText

/// Reduces a command line to the words that determine what is drawn, so that drawing again neither writes, keeps nor
/// replaces files named by whoever made the image. An animation or a strip goes to a file named `again-…`.
///
/// - Parameter words: without the program's name, starting with the verb if there is one.
/// - Throws: `UsageError` if the words draw nothing or this version does not know them.
public func drawingWords(_ words: [String]) throws(UsageError) -> [String] {
  let verb = words.prefix(1).filter { !$0.hasPrefix("-") }
  let command = verb.first.flatMap(CommandName.init(rawValue:)) ?? .draw
  guard CommandName.drawing.contains(command), verb.isEmpty || command != .draw else {
    throw UsageError("\(words.first ?? "") draws nothing")
  }
  var kept = verb
  var rest = words.dropFirst(verb.count)
  while let word = rest.popFirst() {
    if word == "--" {
      kept += rest.map(operand)
      break
    }
    guard word.hasPrefix("--") else {
      // No version has recorded short names.
      if word.hasPrefix("-") { throw UsageError("there is no option \(word)") }
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
    // A value that looks like an option must be attached, or it would be parsed as one.
    let isAttached = parts.count > 1 || value?.hasPrefix("-") == true
    kept += isAttached ? ["--\(name)=\(value ?? "")"] : ["--\(name)"] + (value.map { [$0] } ?? [])
  }
  return kept
}

extension OptionDefinition {
  /// Whether it affects the images or selects which are drawn.
  fileprivate var saysWhatIsDrawn: Bool {
    switch group {
    case .drawing, .model: true
    case .output: ["grid", "scale", "bits", "shard"].contains(names[0])
    default: false
    }
  }
}
