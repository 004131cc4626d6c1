#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Decodes JSON that anybody may have written.
///
/// Foundation's decoder, which does the work, ends the program where a text ends just behind the brackets that are too many for it (512
/// around one another); so they are counted before. What is decoded here has a handful.
///
/// - Parameters:
///   - type: what is decoded.
///   - json: the text, in UTF-8.
///   - snakeCase: whether keys are written `like_this` where properties are called `likeThis`.
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

/// `value` as JSON, keys in order.
///
/// - Parameters:
///   - value: what is encoded.
///   - pretty: whether it is spread over lines.
///   - snakeCase: whether keys are written `like_this` where properties are called `likeThis`.
///   - escapesSlashes: whether `/` is written `\/`.
/// - Throws: `EncodingError`, for instance for a number that is not finite.
public func encodeJSON(
  _ value: some Encodable, pretty: Bool = false, snakeCase: Bool = false, escapesSlashes: Bool = false
) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
  if !escapesSlashes { encoder.outputFormatting.insert(.withoutEscapingSlashes) }
  if snakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// How many brackets are open at once, at most; those in strings are none.
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

/// What the JSON decoder found wrong, in a few words.
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
