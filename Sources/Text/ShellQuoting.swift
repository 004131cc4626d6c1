/// A command line to paste into a shell (bash, zsh, dash, fish): each word arrives unchanged, and the terminal gets no
/// control character, line break or bidirectional control.
public func shellLine(_ words: [String]) -> String { words.map(shellQuoted).joined(separator: " ") }

/// The path of a file, as an operand that no program takes for an option.
public func operand(_ path: String) -> String { path.hasPrefix("-") ? "./" + path : path }

/// A path in someone's home folder, as a shell was to expand it, to be typed so that it does: `~` comes first and is
/// not quoted. Nil for other paths.
public func homeExpanded(_ path: String) -> String? {
  guard path.hasPrefix("~") else { return nil }
  let (home, rest) = (path.prefix { $0 != "/" }, path.drop { $0 != "/" })
  guard home.count == 1 || !rest.isEmpty, home.dropFirst().utf8.allSatisfy(isPlain) else { return nil }
  return rest.dropFirst().isEmpty ? "\(home)\(rest)" : "\(home)/\(shellQuoted(String(rest.dropFirst())))"
}

/// Why such a path is not found.
public let tildeReason = "a shell expands ~ only where it begins a word and is not quoted"

/// A string of Python with this text, for an expression to paste.
public func pythonQuoted(_ text: String) -> String {
  var quoted = ""
  for scalar in text.unicodeScalars {
    if scalar.movesTheCursor {
      let digits = String(scalar.value, radix: 16)
      quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    } else if scalar == "'" || scalar == "\\" {
      quoted += "\\\(scalar)"
    } else {
      quoted.unicodeScalars.append(scalar)
    }
  }
  return "'\(quoted)'"
}

/// The word, quoted for a shell.
///
/// In single quotes a shell leaves everything alone but a single quote, which is written as `'\''`. What a terminal
/// must not receive is written as bytes in `$'…'` (POSIX.1-2024; bash, zsh, ksh and busybox).
public func shellQuoted(_ word: String) -> String {
  if !word.isEmpty, word.utf8.allSatisfy(isPlain) { return word }
  if !word.unicodeScalars.contains(where: \.movesTheCursor) {
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
  var text = ""
  for scalar in word.unicodeScalars {
    if scalar.movesTheCursor {
      // Three octal digits, so that a digit that follows cannot be taken for part of the number.
      for byte in String(scalar).utf8 {
        let digits = String(byte, radix: 8)
        text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
    } else if scalar == "'" || scalar == "\\" {
      text += "\\\(scalar)"
    } else {
      text.unicodeScalars.append(scalar)
    }
  }
  return "$'\(text)'"
}

/// Whether every shell takes this byte literally.
private func isPlain(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./+,:@".utf8.contains(byte)
}
