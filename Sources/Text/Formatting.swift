/// `value` with `places` decimal places.
public func decimal(_ value: Double, _ places: Int) -> String {
  let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
  let scaled = (value * scale).rounded()
  guard scaled.magnitude < 1e15 else { return value.isNaN ? "nan" : "\(value)" }
  let digits = String(Int(scaled.magnitude))
  let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
  let sign = scaled < 0 ? "-" : ""
  return places == 0 ? sign + padded : "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
}

extension Duration {
  /// The number of seconds.
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

/// With thousands separators: `52,546,438`.
public func grouped(_ number: Int) -> String {
  var digits = String(number)[...]
  var groups: [Substring] = []
  while digits.count > 3 {
    groups.insert(digits.suffix(3), at: 0)
    digits = digits.dropLast(3)
  }
  return ([digits] + groups).joined(separator: ",")
}

/// A number and what is counted: `1 picture`, `1,234 pictures`, `2 classes`.
public func counted(_ count: Int, _ noun: String) -> String {
  let plural = noun.hasSuffix("s") ? noun + "es" : noun + "s"
  return "\(grouped(count)) \(count == 1 ? noun : plural)"
}

/// `text` right-aligned in `width` characters.
public func right(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// A time as `4:05` or `1:04:05`.
public func clock(_ seconds: Double) -> String {
  let seconds = Int(seconds.rounded(.up))
  let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
  let tail = seconds % 60 < 10 ? "0\(seconds % 60)" : "\(seconds % 60)"
  return hours > 0 ? "\(hours):\(minutes < 10 ? "0" : "")\(minutes):\(tail)" : "\(minutes):\(tail)"
}

/// With an SI prefix: `16.8 GFLOP`.
public func quantity(_ value: Double, _ unit: String) -> String {
  var (value, prefixes) = (value, ["", "k", "M", "G", "T", "P", "E"][...])
  while value >= 1000, prefixes.count > 1 {
    value /= 1000
    prefixes.removeFirst()
  }
  return "\(decimal(value, value < 10 ? 2 : value < 100 ? 1 : 0)) \(prefixes.first ?? "")\(unit)"
}

/// A duration as `35 ms`, `4.2 s`, `12 min` or `3.5 h`.
public func duration(_ seconds: Double) -> String {
  switch seconds {
  case ..<1: "\(decimal(seconds * 1000, seconds < 0.01 ? 1 : 0)) ms"
  case ..<60: "\(decimal(seconds, 1)) s"
  case ..<3600: "\(decimal(seconds / 60, 1)) min"
  default: "\(decimal(seconds / 3600, 1)) h"
  }
}

/// A number as `2` or `0.5`.
public func numberText(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

/// Whether `text` consists of ASCII digits only, at least one.
public func isWholeNumber(_ text: some StringProtocol) -> Bool {
  !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}
