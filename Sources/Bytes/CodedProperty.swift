/// A property of a type that is coded as a JSON object of what differs from the defaults, and its key.
public struct CodedProperty<Root>: Sendable {
  /// The key.
  public let name: String
  private let decode: @Sendable (inout Root, KeyedDecodingContainer<AnyKey>) throws -> Void
  private let encode: @Sendable (Root, _ defaults: Root, inout KeyedEncodingContainer<AnyKey>) throws -> Void
  private let isEqual: @Sendable (Root, Root) -> Bool
  private let describe: @Sendable (Root) -> String

  /// The property at `path`, under the key `name`.
  public init<Value: Codable & Equatable & SendableMetatype>(
    _ name: String, _ path: WritableKeyPath<Root, Value> & Sendable
  ) {
    let key = AnyKey(stringValue: name)
    self.name = name
    decode = { root, container in
      if let value = try container.decodeIfPresent(Value.self, forKey: key) { root[keyPath: path] = value }
    }
    encode = { root, defaults, container in
      let value = root[keyPath: path]
      if value != defaults[keyPath: path] { try container.encode(value, forKey: key) }
    }
    isEqual = { $0[keyPath: path] == $1[keyPath: path] }
    // Numbers that are not finite, which alone cannot be encoded, describe themselves.
    describe = { (try? encodeJSON($0[keyPath: path])) ?? "\($0[keyPath: path])" }
  }

  /// How the property of two objects differs; nil if it does not.
  ///
  /// - Returns: both values as JSON, null if there is none.
  public func difference(_ a: Root, _ b: Root) -> (String, String)? {
    isEqual(a, b) ? nil : (describe(a), describe(b))
  }

  /// Sets the property of `root`, if the object has it.
  ///
  /// - Throws: `DecodingError` if its value has another type.
  public func read(_ root: inout Root, from container: KeyedDecodingContainer<AnyKey>) throws {
    try decode(&root, container)
  }

  /// Writes the property, if it differs from that of `defaults`.
  ///
  /// - Throws: `EncodingError`.
  public func write(_ root: Root, defaults: Root, to container: inout KeyedEncodingContainer<AnyKey>) throws {
    try encode(root, defaults, &container)
  }
}
