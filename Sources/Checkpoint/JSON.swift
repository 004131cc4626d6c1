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
/// - Parameter snakeCase: whether keys are written `like_this` where properties are called `likeThis`.
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
