/// Untrusted `text`, typed or read from a file, made safe as part of one line: line breaks, control characters and
/// bidirectional controls are escaped, and long text is reduced to its beginning and end.
public func sanitized(_ text: some StringProtocol) -> String { shortened(text, most: 200, kept: 60) }

/// Does the same for a whole line, such as an error that quotes a file.
public func sanitizedLine(_ text: String) -> String { shortened(text, most: 4096, kept: 2000) }

/// A line of any length with control characters escaped.
public func escapingControls(_ line: some StringProtocol) -> String { escaped(line.unicodeScalars) }

/// Text of several lines for a terminal: line breaks stay, and everything else that a terminal acts on is escaped.
public func forTerminal(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).map(escapingControls).joined(separator: "\n")
}

private func shortened(_ text: some StringProtocol, most: Int, kept: Int) -> String {
  let scalars = text.unicodeScalars
  // The UTF-8 count is immediate, and never less than the scalar count.
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
  /// Whether a terminal may act on it instead of showing it: control characters, line and paragraph separators,
  /// bidirectional controls.
  public var movesTheCursor: Bool {
    [.control, .lineSeparator, .paragraphSeparator].contains(properties.generalCategory) || properties.isBidiControl
  }
}
