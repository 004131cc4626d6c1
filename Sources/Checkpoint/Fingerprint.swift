import DiffusionBytes

extension StateDict {
  /// The elements of each tensor that are hashed: a training step changes all elements, and reading more would take
  /// longer than drawing with a small model.
  private static let fingerprintElements = 1024

  /// Identifies a model of two checkpoints: the SHA-256 of both fingerprints.
  public func fingerprint(with other: StateDict) -> String {
    var hash = SHA256()
    hash.update(Array("\(fingerprint) \(other.fingerprint)\n".utf8))
    return hash.hexDigest()
  }

  /// Identifies a model: the SHA-256, in hexadecimal, of each tensor's name, shape and first elements as float32,
  /// sorted by name. A model has the same fingerprint as a `.pt` and as a safetensors file, but not in another
  /// precision.
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
