/// `text`, typed by somebody or read from a file, as a part of one line: what would begin another, move the cursor or turn the writing
/// round is shown as an escape, and of much text only the beginning and the end.
public func sanitized(_ text: some StringProtocol) -> String { shortened(text, most: 200, kept: 60) }

/// A whole line in the same way: an error, in which a file's words may stand, or a line of a report.
public func sanitizedLine(_ text: String) -> String { shortened(text, most: 4096, kept: 2000) }

/// A line of any length, with what a terminal must not be sent shown as an escape.
public func escapingControls(_ line: some StringProtocol) -> String { escaped(line.unicodeScalars) }

private func shortened(_ text: some StringProtocol, most: Int, kept: Int) -> String {
  let scalars = text.unicodeScalars
  // UTF-8 is counted at once, and is at least as long.
  guard text.utf8.count > most, scalars.count > most else { return escaped(scalars) }
  return "\(escaped(scalars.prefix(kept)))…\(escaped(scalars.suffix(kept)))"
}

private func escaped(_ scalars: some Sequence<Unicode.Scalar>) -> String {
  var text = ""
  for scalar in scalars {
    if scalar.movesTheCursor {
      text += scalar.escaped(asASCII: true)
    } else {
      text.unicodeScalars.append(scalar)
    }
  }
  return text
}

extension Unicode.Scalar {
  /// Whether a terminal may be told something by it rather than show it: control characters, line and paragraph separators, and what turns
  /// the direction of writing round.
  public var movesTheCursor: Bool {
    [.control, .lineSeparator, .paragraphSeparator].contains(properties.generalCategory) || properties.isBidiControl
  }
}
