import DiffusionText

/// The error for a word that is neither an option nor wanted by `command`.
func strayWord(_ word: String, _ command: CommandName) -> UsageError {
  if !command.operands.isEmpty {
    return UsageError(
      "\(command.rawValue) takes only \(command.operands.joined(separator: " and ")); leave \"\(word)\" out")
  }
  if command == .man { return UsageError("sample man takes no arguments, but \"\(word)\" follows; type sample man") }
  if let error = script(word, command) { return error }
  if ["help", "version"].contains(word) { return UsageError("\(word) is an option; type \(shown(command)) --\(word)") }
  if command == .train {
    // Many a folder is called data.
    let isName = word != "data" && options(of: .train).contains { $0.names.contains(word) }
    return UsageError(
      verbatim: isName
        ? "\"\(sanitized(word))\" is not an option; did you mean --\(sanitized(word))?"
        : "\"\(sanitized(word))\" is not an option; did you mean --data \(advised(word))?")
  }
  if let verb = CommandName(rawValue: word), Program.sample.verbs.contains(verb) {
    return UsageError("\(word) goes in front of the options; type sample \(word) and then the options")
  }
  if word == "train" { return UsageError("training is a program of its own; type train --help") }
  if ["samplers", "list"].contains(word) {
    return UsageError("samplers are listed by an option; type sample --sampler help")
  }
  if ["draw", "generate", "txt2img", "img2img", "sample", "image"].contains(word.lowercased()) {
    return UsageError("drawing needs no word in front of its options; leave \"\(word)\" out")
  }
  if let verb = nearest(word, Program.sample.verbs.map(\.rawValue)) {
    return UsageError("there is no \"\(word)\"; did you mean sample \(verb)?")
  }
  let isFile = word.contains("/") || word.dropFirst().contains(".")
  if word.contains(" ") && !isFile {
    return UsageError(
      "\"\(word)\" is not an option: these models draw without text, of a class at most; leave it out")
  }
  let isModel = [".pt", ".pth", ".safetensors", ".bin", ".ckpt", ".pkl"].contains { word.hasSuffix($0) }
  return UsageError(
    verbatim:
      "\"\(sanitized(word))\" is not an option; did you mean \(isModel ? "--model" : "--out") \(advised(word))?")
}

/// A word that was typed, for the advice of an error: quoted as it is, or, where that would be a page, cut and not to
/// be pasted.
func advised(_ word: String) -> String { word.utf8.count > 400 ? sanitized(word) : shellQuoted(word) }

/// The error for the beginning of a pasted command line of Python.
private func script(_ word: String, _ command: CommandName) -> UsageError? {
  guard word.hasSuffix(".py") || ["python", "python3", "mpiexec", "mpirun", "torchrun", "accelerate"].contains(word)
  else {
    return nil
  }
  return UsageError(
    "\"\(word)\" is not run here; type \(shown(command)) in place of python, the script and all before it")
}
