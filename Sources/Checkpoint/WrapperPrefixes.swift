extension StateDict {
  /// What wrappers of a model (`DataParallel`, `torch.compile`, a class around it) put before every name.
  private static let wrapperPrefixes = ["module.", "_orig_mod.", "model.", "ema_model."]

  /// The same tensors without what wrappers put before every name.
  ///
  /// - Throws: nothing of its own, but what giving names may.
  func withoutWrapperPrefixes() throws(CheckpointError) -> StateDict {
    var length = 0
    // Wrappers may wrap one another, but not often.
    for _ in 0..<3 {
      let prefix = Self.wrapperPrefixes.first { prefix in names.allSatisfy { $0.dropFirst(length).hasPrefix(prefix) } }
      guard let prefix else { break }
      length += prefix.count
    }
    if length == 0 { return self }
    return try assembled(names.map { AssembledName(String($0.dropFirst(length)), parts: [$0]) })
  }
}
