/// Text as roff prints it unchanged: of what roff takes for commands or typography, plain characters are asked for.
func roff(_ text: String) -> String {
  let escaped = text.unicodeScalars.map { scalar in
    switch scalar {
    case "\\": "\\e"
    // A hyphen that stands for itself can be searched for and pasted.
    case "-": "\\-"
    case "'": "\\(aq"
    case "`": "\\(ga"
    case "^": "\\(ha"
    case "~": "\\(ti"
    case "\"": "\\(dq"
    default: scalar.isASCII ? String(scalar) : "\\[u\(hexadecimal(scalar))]"
    }
  }.joined()
  // At the start of a line it would be a command.
  return escaped.hasPrefix(".") ? "\\&" + escaped : escaped
}

/// At least four digits, as roff wants them.
private func hexadecimal(_ scalar: UnicodeScalar) -> String {
  let digits = String(scalar.value, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
