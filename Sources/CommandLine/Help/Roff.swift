/// Escapes what roff would take for commands or typography, so that the text prints unchanged.
func roff(_ text: String) -> String {
  let escaped = text.unicodeScalars.map { scalar in
    switch scalar {
    case "\\": "\\e"
    // A plain hyphen can be searched for and pasted.
    case "-": "\\-"
    case "'": "\\(aq"
    case "`": "\\(ga"
    case "^": "\\(ha"
    case "~": "\\(ti"
    case "\"": "\\(dq"
    default: scalar.isASCII ? String(scalar) : "\\[u\(hexadecimal(scalar))]"
    }
  }.joined()
  // At the start of a line a dot would begin a command.
  return escaped.hasPrefix(".") ? "\\&" + escaped : escaped
}

/// At least four digits, as roff requires.
private func hexadecimal(_ scalar: UnicodeScalar) -> String {
  let digits = String(scalar.value, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
