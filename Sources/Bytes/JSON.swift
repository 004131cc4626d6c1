import DiffusionText

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Decodes untrusted JSON.
///
/// Foundation's decoder traps if a text ends right after more nested brackets than it allows (512), so the nesting is
/// checked first. Valid input here nests only a few levels.
///
/// - Parameters:
///   - type: the type to decode.
///   - json: the text, in UTF-8.
///   - snakeCase: whether the key of a property `likeThis` is `like_this`.
/// - Throws: `DecodingError`.
public func decodeJSON<T: Decodable>(
  _ type: T.Type, from json: some Collection<UInt8>, snakeCase: Bool = false
) throws -> T {
  let deepest = 64
  guard nesting(json) <= deepest else {
    throw DecodingError.dataCorrupted(
      DecodingError.Context(codingPath: [], debugDescription: "brackets are nested more than \(deepest) deep"))
  }
  let decoder = JSONDecoder()
  if snakeCase { decoder.keyDecodingStrategy = .convertFromSnakeCase }
  return try decoder.decode(type, from: Data(json))
}

/// JSON as Python's `json` module writes it: `NaN`, `Infinity` and `-Infinity`, which JSON does not have, become null,
/// and a byte order mark is left out.
public func jsonFromPython(_ text: some Collection<UInt8>) -> [UInt8] {
  var bytes = Array(text)
  if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
  let constants = ["-Infinity", "Infinity", "NaN"].map { Array($0.utf8) }
  var json: [UInt8] = []
  json.reserveCapacity(bytes.count)
  var (i, isInString) = (0, false)
  while i < bytes.count {
    let byte = bytes[i]
    if isInString, byte == UInt8(ascii: "\\"), i + 1 < bytes.count {
      json += bytes[i...i + 1]
      i += 2
      continue
    }
    if byte == UInt8(ascii: "\"") { isInString.toggle() }
    if !isInString, let constant = constants.first(where: { bytes[i...].starts(with: $0) }) {
      json += Array("null".utf8)
      i += constant.count
      continue
    }
    json.append(byte)
    i += 1
  }
  return json
}

/// Any key of a JSON object.
public struct AnyKey: CodingKey {
  /// The key.
  public let stringValue: String
  /// Nil: keys are names.
  public var intValue: Int? { nil }

  /// The key `stringValue`.
  public init(stringValue: String) { self.stringValue = stringValue }

  /// Nil: keys are names.
  public init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer<AnyKey> {
  /// Checks that the object has no key but `known`.
  ///
  /// - Throws: `DecodingError` with the first key that is none of them.
  public func refuseKeys(besides known: [String]) throws {
    guard let stray = allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) }) else { return }
    throw DecodingError.dataCorrupted(
      DecodingError.Context(
        codingPath: codingPath,
        debugDescription: "there is no \"\(stray)\"; there are \(known.sorted().joined(separator: ", "))"))
  }
}

/// `value` as JSON with sorted keys.
///
/// - Parameters:
///   - value: the value to encode.
///   - pretty: whether to add line breaks and indentation.
///   - snakeCase: whether the key of a property `likeThis` is `like_this`.
///   - escapesSlashes: whether to write `/` as `\/`.
/// - Throws: `EncodingError`, for instance for a number that is not finite.
public func encodeJSON(
  _ value: some Encodable, pretty: Bool = false, snakeCase: Bool = false, escapesSlashes: Bool = false
) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
  if !escapesSlashes { encoder.outputFormatting.insert(.withoutEscapingSlashes) }
  if snakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
  return escapingForTerminals(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// `json`, in which whatever a terminal would act on is escaped as in strings of JSON, the only place for it.
private func escapingForTerminals(_ json: String) -> String {
  guard json.unicodeScalars.contains(where: { $0.movesTheCursor && $0 != "\n" }) else { return json }
  var escaped = ""
  for scalar in json.unicodeScalars {
    if scalar.movesTheCursor && scalar != "\n" {
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    } else {
      escaped.unicodeScalars.append(scalar)
    }
  }
  return escaped
}

/// The deepest nesting of brackets, not counting those in strings.
private func nesting(_ json: some Collection<UInt8>) -> Int {
  var (open, most) = (0, 0)
  var (isString, isEscaped) = (false, false)
  for byte in json {
    if isEscaped {
      isEscaped = false
    } else if isString {
      isEscaped = byte == UInt8(ascii: "\\")
      isString = byte != UInt8(ascii: "\"")
    } else {
      switch byte {
      case UInt8(ascii: "\""): isString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        open += 1
        most = max(most, open)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): open -= 1
      default: break
      }
    }
  }
  return most
}

/// Whether there is a comma right in front of a closing bracket, not counting those in strings.
public func hasTrailingComma(_ json: some Collection<UInt8>) -> Bool {
  var (isString, isEscaped, followsComma) = (false, false, false)
  for byte in json {
    if isString {
      isString = isEscaped || byte != UInt8(ascii: "\"")
      isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
      continue
    }
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): continue
    case UInt8(ascii: "]"), UInt8(ascii: "}"): if followsComma { return true }
    case UInt8(ascii: "\""): isString = true
    default: break
    }
    followsComma = byte == UInt8(ascii: ",")
  }
  return false
}

/// A short description of a JSON decoding error.
public func jsonReason(_ error: any Error) -> String {
  func path(_ context: DecodingError.Context) -> String {
    context.codingPath.isEmpty ? "" : " at \(context.codingPath.map(\.stringValue).joined(separator: "."))"
  }
  guard let error = error as? DecodingError else { return "\(error)" }
  switch error {
  case .typeMismatch(_, let context): return "a value of the wrong type\(path(context))"
  case .valueNotFound(_, let context): return "a missing value\(path(context))"
  case .keyNotFound(let key, let context): return "no \(key.stringValue)\(path(context))"
  case .dataCorrupted(let context): return "\(context.debugDescription)\(path(context))"
  @unknown default: return "\(error)"
  }
}
