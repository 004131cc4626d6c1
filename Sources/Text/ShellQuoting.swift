/// A command line of these words, to be pasted into a shell (bash, zsh, dash, fish): each word arrives there as it is, whatever it holds, and no
/// character of it reaches the terminal that would move the cursor, begin another line or turn the writing round.
public func shellLine(_ words: [String]) -> String { words.map(shellQuoted).joined(separator: " ") }

/// The word as a shell needs it typed.
///
/// Within single quotes a shell takes everything as it stands but a single quote, which is written as `'\''`. What a terminal must not be
/// sent is written as the bytes of `$'…'` (POSIX.1-2024; bash, zsh, ksh and busybox).
public func shellQuoted(_ word: String) -> String {
  if !word.isEmpty, word.utf8.allSatisfy(isPlain) { return word }
  if !word.unicodeScalars.contains(where: \.movesTheCursor) {
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
  var text = ""
  for scalar in word.unicodeScalars {
    if scalar.movesTheCursor {
      // Octal, of three digits, so that no digit behind it is taken for another of its own.
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

/// Whether no shell takes this byte for anything but itself.
private func isPlain(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./+,:@".utf8.contains(byte)
}
