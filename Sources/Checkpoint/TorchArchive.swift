/// Reads a `.pt` as PyTorch has written it since 1.6: a zip archive with the elements of each storage as an entry, and a
/// pickle that says which tensors view them.
///
/// - Throws: `CheckpointError`.
func readTorchArchive(_ file: FileBytes) throws(CheckpointError) -> StateDict {
  let archive: TorchArchive
  do { archive = try TorchArchive(file) } catch { throw .archive(file: file.name, error) }
  let tensors: [(name: String, tensor: PickleTensor)]
  do {
    tensors = try PickleMachine.run(archive.pickle) { (root) throws(PickleFault) in try stateDict(root) }
  } catch { throw .pickle(file: file.name, offset: error.offset, error.fault) }
  if tensors.isEmpty { throw .noTensors(file: file.name) }
  var entries: [(name: String, tensor: StoredTensor)] = []
  for (name, tensor) in tensors {
    guard let storage = archive.storages[tensor.storage.key] else {
      throw .archive(file: file.name, .noStorage(key: tensor.storage.key))
    }
    let stored = StoredTensor(
      elementType: tensor.storage.elementType, shape: tensor.shape, strides: tensor.strides, offset: tensor.offset,
      storageBegin: storage.lowerBound, storageBytes: storage.count, storageCount: tensor.storage.count)
    entries.append((name, stored))
  }
  return try StateDict(file: file, entries: entries, metadata: [:])
}

/// The parts of the archive: `NAME/data.pkl`, `NAME/data/KEY`, `NAME/byteorder`.
private struct TorchArchive {
  /// A pickle has some hundred bytes per tensor.
  private static let pickleLimit = 64 << 20

  let pickle: UnsafeRawBufferPointer
  let storages: [String: Range<Int>]

  init(_ file: FileBytes) throws(ArchiveFault) {
    let entries = try ZipArchive(file).entries
    let pickles = entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    guard let name = pickles.min(by: { $0.utf8.count < $1.utf8.count }), let place = entries[name] else {
      throw .noPickle
    }
    guard place.count <= Self.pickleLimit, let pickle = file.slice(place.lowerBound, place.count) else {
      throw .pickleTooLarge(bytes: place.count, limit: Self.pickleLimit)
    }
    self.pickle = pickle
    let folder = name.dropLast("data.pkl".count)
    if let order = entries[folder + "byteorder"], file.text(order.lowerBound, order.count) == "big" {
      throw .bigEndian
    }
    var storages: [String: Range<Int>] = [:]
    let prefix = folder + "data/"
    for (name, place) in entries where name.hasPrefix(prefix) {
      storages[String(name.dropFirst(prefix.count))] = place
    }
    self.storages = storages
  }
}

/// The tensors of a pickled dictionary by name. Training programs save the state dict within another dictionary, under a
/// name of their own, or every name with a prefix of the wrapper around the model; both are undone.
private func stateDict(_ root: PickleValue) throws(PickleFault) -> [(name: String, tensor: PickleTensor)] {
  guard case .dictionary(let dictionary) = root else { throw .unexpected("it holds \(root.kind)") }
  var tensors = directTensors(dictionary)
  if tensors.isEmpty {
    let nested = dictionary.items.compactMap {
      item -> (key: String, tensors: [(name: String, tensor: PickleTensor)])? in
      guard case .string(let key) = item.key, case .dictionary(let inner) = item.value else { return nil }
      let tensors = directTensors(inner)
      return tensors.isEmpty ? nil : (key, tensors)
    }
    // The running average draws better than the raw weights where a file has both.
    let preferred = ["ema", "ema_state_dict", "model_ema", "state_dict", "model_state_dict", "model"]
    tensors =
      preferred.lazy.compactMap { name in nested.first { $0.key == name }?.tensors }.first ?? nested.first?.tensors
      ?? []
  }
  let prefix = "module."
  if tensors.allSatisfy({ $0.name.hasPrefix(prefix) }) {
    tensors = tensors.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
  }
  return tensors
}

private func directTensors(_ dictionary: PickleDictionary) -> [(name: String, tensor: PickleTensor)] {
  dictionary.items.compactMap { item in
    guard case .string(let name) = item.key, case .tensor(let tensor) = item.value else { return nil }
    return (name, tensor)
  }
}
