/// `text`, typed by somebody or read from a file, as a part of one line: what would begin another, move the cursor or turn the writing
/// round is shown as an escape, and of much text only the beginning and the end.
public func legible(_ text: some StringProtocol) -> String {
  let (most, kept) = (200, 60)
  let scalars = text.unicodeScalars
  // UTF-8 is counted at once, and is at least as long.
  guard text.utf8.count > most, scalars.count > most else { return escaped(scalars) }
  return "\(escaped(scalars.prefix(kept)))…\(escaped(scalars.suffix(kept)))"
}

private func escaped(_ scalars: some Sequence<Unicode.Scalar>) -> String {
  var text = ""
  for scalar in scalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: text += scalar.escaped(asASCII: true)
    default: text.unicodeScalars.append(scalar)
    }
  }
  return text
}
