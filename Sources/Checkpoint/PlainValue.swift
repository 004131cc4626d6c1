/// A value that a program saved beside tensors: a truth value, a number, a text, or a list of these.
public enum PlainValue: Sendable, Equatable {
  /// True or false.
  case bool(Bool)
  /// A whole number.
  case integer(Int)
  /// Any other number.
  case float(Double)
  /// A text.
  case string(String)
  /// A list or tuple.
  case list([PlainValue])

  /// The number, if it is one.
  public var number: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .float(let number): number
    case .bool, .string, .list: nil
    }
  }

  /// The text, if it is one.
  public var text: String? { if case .string(let text) = self { text } else { nil } }
}
