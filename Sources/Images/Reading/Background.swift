import DiffusionText

/// The colour that transparent pixels are laid over.
public struct Background: Sendable, Equatable, Codable, CustomStringConvertible {
  /// The colour's values, 0 to 255.
  public let red, green, blue: UInt8

  /// Creates a colour.
  public init(red: UInt8, green: UInt8, blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

  /// (0, 0, 0).
  public static let black = Background(red: 0, green: 0, blue: 0)
  private static let white = Background(red: 255, green: 255, blue: 255)
  private static let grey = Background(red: 128, green: 128, blue: 128)

  /// A colour by its name, or by six hexadecimal digits (`ff8000`, with or without `#`); nil if it is neither.
  public init?(_ text: String) {
    switch text {
    case "black": self = .black
    case "white": self = .white
    case "grey", "gray": self = .grey
    default:
      let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
      guard digits.utf8.count == 6, digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else {
        return nil
      }
      self.init(
        red: UInt8(value >> 16), green: UInt8(value >> 8 & 255), blue: UInt8(value & 255))
    }
  }

  /// A name or six digits, as `init(_:)` takes them.
  public var description: String {
    switch self {
    case .black: return "black"
    case .white: return "white"
    case .grey: return "grey"
    default:
      let digits = String(Int(red) << 16 | Int(green) << 8 | Int(blue), radix: 16)
      return String(repeating: "0", count: 6 - digits.count) + digits
    }
  }

  /// Decodes what `init(_:)` takes.
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let colour = Background(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\"\(sanitized(text))\" is no colour"))
    }
    self = colour
  }

  /// Encodes the description.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
