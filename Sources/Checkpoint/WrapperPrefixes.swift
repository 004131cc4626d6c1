extension StateDict {
  /// The prefixes that wrappers of a model (`DataParallel`, `torch.compile`, a class around it) add to every name.
  private static let wrapperPrefixes = ["module.", "_orig_mod.", "model.", "ema_model."]

  /// The same tensors without the prefixes of wrappers.
  ///
  /// - Throws: what `assembled` throws.
  func withoutWrapperPrefixes() throws(CheckpointError) -> StateDict {
    var length = 0
    // Wrappers can be nested, but rarely more than twice.
    for _ in 0..<3 {
      let prefix = Self.wrapperPrefixes.first { prefix in names.allSatisfy { $0.dropFirst(length).hasPrefix(prefix) } }
      guard let prefix else { break }
      length += prefix.count
    }
    if length == 0 { return self }
    return try assembled(names.map { AssembledName(String($0.dropFirst(length)), parts: [$0]) })
  }

  /// The tensors of the network that has one of `signatures`, without what precedes their names; all if there is none.
  func network(_ signatures: [String]) throws(CheckpointError) -> StateDict {
    let group = NetworkSearch.Group(path: [], names: names, shapes: names.map { shape(of: $0) ?? [] })
    let search = NetworkSearch([group])
    guard let found = search.network(signatures) else { return self }
    if found.tensors.count == names.count && found.tensors.allSatisfy({ $0.name == names[$0.index] }) { return self }
    var neighbours: [String: StoredTensor] = [:]
    for (name, _, index) in found.neighbours {
      if let parts = entry(names[index])?.parts, parts.count == 1 { neighbours[name] = parts[0] }
    }
    return try assembled(
      found.tensors.map { AssembledName($0.name, parts: [names[$0.index]]) },
      origin: StateDictOrigin(
        origin.container, keyPath: found.keyPath, prefix: found.prefix, otherWords: search.words(beside: found),
        isRunningAverage: found.isAverage,
        unfitAverage: found.unfit), neighbours: neighbours)
  }
}
