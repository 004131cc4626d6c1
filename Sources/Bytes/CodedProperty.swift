/// A property of a type that is coded as a JSON object of what differs from the defaults, and its key.
public struct CodedProperty<Root>: Sendable {
  /// The key.
  public let name: String
  private let decode: @Sendable (inout Root, KeyedDecodingContainer<AnyKey>) throws -> Void
  private let encode: @Sendable (Root, _ defaults: Root, inout KeyedEncodingContainer<AnyKey>) throws -> Void

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
