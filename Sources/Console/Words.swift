import CommandLineInterface

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `value` with `places` digits behind the point.
public func decimal(_ value: Double, _ places: Int) -> String {
  let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
  let scaled = (value * scale).rounded()
  guard scaled.magnitude < 1e15 else { return value.isNaN ? "nan" : "\(value)" }
  let digits = String(Int(scaled.magnitude))
  let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
  let sign = value < 0 ? "-" : ""
  return places == 0 ? sign + padded : "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
}

extension Duration {
  /// The number of seconds.
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

/// Writes lines of words to standard error, on which nothing that stands in a file or was typed moves the cursor.
public func writeError(_ text: String) {
  writeControl(text.split(separator: "\n", omittingEmptySubsequences: false).map(sanitized).joined(separator: "\n"))
}

/// Writes to standard error what may move the cursor.
public func writeControl(_ text: String) {
  var text = text
  text.withUTF8 { bytes in
    var offset = 0
    while offset < bytes.count {
      let written = write(STDERR_FILENO, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
      if written < 0 && errno == EINTR { continue }
      // If nobody can be told, there is nobody to tell so.
      if written <= 0 { return }
      offset += written
    }
  }
}

/// For instance `52,546,438`.
public func grouped(_ number: Int) -> String {
  var digits = String(number)[...]
  var groups: [Substring] = []
  while digits.count > 3 {
    groups.insert(digits.suffix(3), at: 0)
    digits = digits.dropLast(3)
  }
  return ([digits] + groups).joined(separator: ",")
}

/// `text` with spaces in front, at least `width` characters.
public func right(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// A time as people write it: `4:05`, `1:04:05`.
public func clock(_ seconds: Double) -> String {
  let seconds = Int(seconds.rounded(.up))
  let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
  let tail = seconds % 60 < 10 ? "0\(seconds % 60)" : "\(seconds % 60)"
  return hours > 0 ? "\(hours):\(minutes < 10 ? "0" : "")\(minutes):\(tail)" : "\(minutes):\(tail)"
}
