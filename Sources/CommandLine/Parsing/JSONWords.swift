import DiffusionOutput
import Sampling

/// A message about a request, for whoever wrote that in JSON: options become the names in the object, with values as
/// JSON has them, so that what it says can be pasted into the line.
public func inJSONWords(_ message: String) -> String {
  var text = ""
  var rest = message[...]
  while let place = rest.firstRange(of: "--") {
    text += rest[..<place.lowerBound]
    rest = rest[place.upperBound...]
    let typed = rest.prefix { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-" || $0 == "_") }
    guard let name = JSONName(typed: typed, isInWord: text.last.map { !" '\"(;,:".contains($0) } ?? false) else {
      text += "--"
      continue
    }
    rest = rest.dropFirst(typed.count)
    // Only commands are typed.
    for instance in ["", "for instance "] where text.hasSuffix("type \(instance)") {
      text = text.dropLast("type \(instance)".count) + "write \(instance)"
    }
    let value = name.takesValue ? value(after: rest) : nil
    text += name.text(value?.text)
    if let value { rest = rest.dropFirst(value.length) }
  }
  text += rest
  // Words in English follow, or a command, which is typed.
  let parts = text.split(separator: "; type ", omittingEmptySubsequences: false)
  return parts.dropFirst().reduce(String(parts[0])) { text, part in
    text + (wordsOfAdvice.contains { part.hasPrefix($0 + " ") } ? "; write " : "; type ") + part
  }
}

private let wordsOfAdvice = ["a", "another", "at", "more", "one", "only", "them", "the", "what", "whole"]

/// The value that follows an option in a message, after a space; nil if that goes on in words.
private func value(after rest: Substring) -> (text: Substring, length: Int)? {
  guard rest.first == " " else { return nil }
  let next = rest.dropFirst()
  if next.first == "'" {
    let text = next.dropFirst().prefix { $0 != "'" }
    return text.count + 2 <= next.count ? (text, text.count + 3) : nil
  }
  var text = next.prefix { !" ;)".contains($0) }
  while let last = text.last, ".,:".contains(last) { text.removeLast() }
  guard let first = text.first else { return nil }
  let isValue = first.isNumber || first == "-" && text.dropFirst().first?.isNumber == true
  let isPath = text.dropFirst().contains { "./%".contains($0) }
  return isValue || isPath || truthValue(String(text)) != nil || samplerNames.contains(text)
    ? (text, text.count + 1) : nil
}

private let samplerNames = Set(SamplerInfo.all.map { Substring($0.name) })

/// An option's name in a request.
private struct JSONName {
  private let key: String
  /// The value that an option without one stands for.
  private let implied: String?
  let takesValue: Bool
  private let isSetting: Bool

  init?(typed: Substring, isInWord: Bool) {
    guard !isInWord else { return nil }
    let key = typed.map { $0 == "-" ? "_" : String($0) }.joined()
    let implied = [
      "no_clip": ("clip", "false"), "no_metadata": ("metadata", "false"), "overwrite": (key, "true"),
      "resume": (key, "true"), "clip_denoised": ("clip", nil), "num_samples": ("count", nil),
    ]
    (self.key, self.implied) = implied[key] ?? (key, nil)
    isSetting = StatedSettings.names.contains(self.key) && !SamplingRequest.names.contains(self.key)
    guard isSetting || SamplingRequest.names.contains(self.key) || DrawingJob.names.contains(self.key) else {
      return nil
    }
    takesValue = self.implied == nil
  }

  func text(_ value: Substring?) -> String {
    guard let value = implied ?? value.map(json) else { return "\"\(key)\"" + (isSetting ? " in \"settings\"" : "") }
    return isSetting ? "\"settings\": {\"\(key)\": \(value)}" : "\"\(key)\": \(value)"
  }

  private func json(_ value: Substring) -> String {
    switch key {
    case "class": return "[{\"typed\": \(quoted(value))}]"
    case "timesteps", "sigmas", "ts", "channel_mult", "attention_resolutions":
      return "[\(value.replacing(",", with: ", "))]"
    case "index", "guidance_interval": return "[\(value.replacing("-", with: ", "))]"
    case "respacing": return quoted(value)
    default: break
    }
    if Double(value) != nil { return String(value) }
    if ["True", "False"].contains(value) { return value.lowercased() }
    return quoted(value)
  }

  /// A string of JSON.
  private func quoted(_ value: Substring) -> String {
    "\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
