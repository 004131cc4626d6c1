import DiffusionCore
import DiffusionText
import Sampling

// Strict parsers for option values: anything else than a number, a Boolean or a known name is an error that
// says what to type.

func wholeNumber(_ text: String, _ name: String, _ range: ClosedRange<Int>) throws(UsageError) -> Int {
  guard isWholeNumber(text.hasPrefix("-") ? text.dropFirst() : text[...]) else {
    throw UsageError("--\(name): \"\(text)\" is not a whole number; type \(rangeText(range, name))")
  }
  guard let number = Int(text), range.contains(number) else {
    throw UsageError("--\(name): \(text) is out of range; type \(rangeText(range, name))")
  }
  return number
}

private func rangeText(_ range: ClosedRange<Int>, _ name: String) -> String {
  "--\(name) with a number from \(range.lowerBound) to \(range.upperBound)"
}

func seed(_ text: String, _ name: String) throws(UsageError) -> UInt64 {
  if text.hasPrefix("-"), isWholeNumber(text.dropFirst()) {
    throw UsageError("--\(name): \(text) is below 0; leave --\(name) out")
  }
  guard isWholeNumber(text[...]) else {
    throw UsageError(
      "--\(name): \"\(text)\" is not a whole number; type --\(name) with a number from 0 to \(UInt64.max)")
  }
  guard let number = UInt64(text) else {
    throw UsageError("--\(name): \(text) is out of range; type --\(name) with a number from 0 to \(UInt64.max)")
  }
  return number
}

/// A decimal number, at least `least` if that is given.
///
/// - Parameter example: one that the option takes.
func number(
  _ text: String, _ name: String, from least: Int?, example: String = "1.5"
) throws(UsageError) -> Double {
  let characters = text.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
  guard characters, let number = Double(text), number.isFinite else {
    throw UsageError("--\(name): \"\(text)\" is not a number; type for instance --\(name) \(example)")
  }
  if let least, number < Double(least) {
    throw UsageError("--\(name): \(text) is out of range; type --\(name) with a number from \(least) up")
  }
  return number
}

/// A number in [0, 1).
func share(_ text: String, _ name: String) throws(UsageError) -> Double {
  let share = try number(text, name, from: nil, example: "0.5")
  guard (0..<1).contains(share) else {
    throw UsageError("--\(name): \(text) is out of range; type --\(name) with a number from 0 up, below 1")
  }
  return share
}

/// A value of the original's `str2bool`; empty means True.
func truth(_ text: String, _ name: String) throws(UsageError) -> Bool {
  guard let value = text.isEmpty ? true : truthValue(text) else {
    throw UsageError("--\(name): \"\(text)\" is neither true nor false; type --\(name) True or --\(name) False")
  }
  return value
}

func truthValue(_ text: String) -> Bool? {
  switch text.lowercased() {
  case "yes", "true", "t", "y", "1": true
  case "no", "false", "f", "n", "0": false
  default: nil
  }
}

func choice<Choice: RawRepresentable & CaseIterable>(
  _ text: String, _ name: String
) throws(UsageError) -> Choice where Choice.RawValue == String {
  if let value = Choice(rawValue: text) { return value }
  throw UsageError(verbatim: unknownChoice(name, sanitized(text), Choice.allCases.map(\.rawValue)))
}

/// The name of a sampler in the table.
func samplerName(_ text: String, _ name: String) throws(UsageError) -> String {
  if let known = SamplerSpellings.name(of: text) { return known }
  if let known = SamplerSpellings.nameWithKarras(text) {
    throw UsageError("--\(name): \"\(text)\" says the spacing of steps too; type --\(name) \(known) --spacing karras")
  }
  throw UsageError(verbatim: unknownChoice(name, sanitized(text), SamplerInfo.all.map(\.name)))
}

/// Comma-separated items, none of them empty.
func list(_ text: String, _ name: String, example: String) throws(UsageError) -> [String] {
  let items = text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
  guard !items.contains("") else {
    throw UsageError("--\(name): \"\(text)\" has an empty item; type for instance --\(name) \(example)")
  }
  return items
}

func wholeNumbers(
  _ text: String, _ name: String, _ range: ClosedRange<Int>, example: String
) throws(UsageError) -> [Int] {
  var numbers: [Int] = []
  for item in try list(text, name, example: example) {
    guard isWholeNumber(item[...]), let number = Int(item), range.contains(number) else {
      throw UsageError(
        """
        --\(name): "\(item)" is not a number from \(range.lowerBound) to \(range.upperBound); \
        type for instance --\(name) \(example)
        """)
    }
    numbers.append(number)
  }
  return numbers
}

/// Numbers separated by commas.
func numbers(_ text: String, _ name: String, example: String) throws(UsageError) -> [Double] {
  var numbers: [Double] = []
  for item in try list(text, name, example: example) { numbers.append(try number(item, name, from: nil)) }
  return numbers
}

/// Image indices: `7` or `100-199`.
func imageNumbers(_ text: String, _ name: String) throws(UsageError) -> ClosedRange<Int> {
  guard let range = range(text) else {
    throw UsageError(
      "--\(name): \"\(text)\" is not the number of an image or a range of them; type for instance --\(name) 100-199")
  }
  return range
}

/// Timesteps: `100-700`.
func timestepRange(_ text: String, _ name: String) throws(UsageError) -> ClosedRange<Int> {
  guard let range = range(text) else {
    throw UsageError("--\(name): \"\(text)\" is not a range of timesteps; type for instance --\(name) 100-700")
  }
  return range
}

/// A whole number, or a range in ascending order.
private func range(_ text: String) -> ClosedRange<Int>? {
  let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
  let numbers = ends.compactMap { isWholeNumber($0) ? Int($0) : nil }
  guard numbers.count == ends.count, let first = numbers.first, let last = numbers.last, first <= last, last < .max
  else { return nil }
  return first...last
}

/// A shard: `1/4`.
func shard(_ text: String, _ name: String) throws(UsageError) -> Shard {
  let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { isWholeNumber($0) ? Int($0) : nil }
  guard parts.count == 2, let number = parts[0], let count = parts[1], count >= 1, (1...count).contains(number) else {
    throw UsageError(
      """
      --\(name): "\(text)" is not a part of a run; type for instance --\(name) 1/4 for the first of four parts, \
      up to --\(name) 4/4
      """)
  }
  return Shard(number: number, count: count)
}

/// Numbers above 0, such as `0.5,1,2`.
func multipliers(_ text: String, _ name: String, example: String) throws(UsageError) -> [Double] {
  var numbers: [Double] = []
  for item in try list(text, name, example: example) {
    let number = try number(item, name, from: 0)
    guard number > 0, number <= 1024 else {
      throw UsageError("--\(name): \(item) is not a number above 0 up to 1024; type for instance --\(name) \(example)")
    }
    numbers.append(number)
  }
  return numbers
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

private func trimmed(_ text: Substring) -> String {
  let start = text.drop { $0 == " " }
  return String(start.reversed().drop { $0 == " " }.reversed())
}
