import DiffusionBytes

extension StateDict {
  /// How many elements of each tensor count: a training step changes all of them, and more would take longer to read than a small
  /// model takes to draw.
  private static let fingerprintElements = 1024

  /// A number that tells models apart, in hexadecimal: the SHA-256 of each tensor's name, shape and first elements as float32, in the
  /// order of their names. A model has the same as a `.pt` and as the safetensors file that it was converted to, though not in
  /// another precision.
  public var fingerprint: String {
    var hash = SHA256()
    for name in names.sorted() {
      guard let entry = entry(name) else { continue }
      hash.update(Array("\(name) \(entry.shape)\n".utf8))
      for part in entry.parts {
        part.prefix(Self.fingerprintElements).withUnsafeBytes { hash.update($0) }
      }
    }
    return hash.hexDigest()
  }
}
