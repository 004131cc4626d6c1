import DiffusionBytes

/// Writes the tensors of `state` as a `.pt` of the kind that PyTorch has written since 1.6: a dictionary of tensors by name, for
/// `torch.load` (also with `weights_only`, and mapped into memory) and a module's `load_state_dict`. The tensors are written one at
/// a time, so that no more than one is in memory. The same tensors make the same bytes, whatever the file is called.
///
/// - Parameters:
///   - state: the tensors.
///   - half: whether to write float16, rounded to the nearest, rather than float32.
///   - file: has no bytes yet.
/// - Throws: `CheckpointError.overflowsHalf` for a number that float16 cannot hold, and what `file` throws. What has been written by
///   then is of no use.
public func writeTorchArchive(_ state: StateDict, half: Bool, to file: some GrowingFile) throws {
  let zip = ZipWriter(file)
  // What PyTorch calls an archive that it writes to no file.
  let folder = "archive"
  func add(_ name: String, _ bytes: [UInt8]) throws {
    try zip.begin("\(folder)/\(name)", size: bytes.count, alignment: storageAlignment)
    try zip.append(entry: bytes)
  }
  try add("data.pkl", stateDictPickle(state, half: half))
  // Without .format_version, which promises that places can be computed from the sizes, as if checksums stood behind the data.
  try add("byteorder", Array("little".utf8))
  for (key, name) in state.names.enumerated() {
    let count = (state.shape(of: name) ?? []).reduce(1, *)
    try zip.begin(
      "\(folder)/data/\(key)", size: count * writtenType(half: half).size, alignment: storageAlignment)
    try writeElements(of: name, in: state, half: half) { try zip.append(entry: $0) }
  }
  try add("version", Array("3\n".utf8))
  try zip.finish()
}

/// Where PyTorch lets elements begin: at multiples of the size of a cache line, for use as they lie in a mapped file.
private let storageAlignment = 64

/// The pickle that says which tensors there are. Each has a storage of its own, whose key is its number.
func stateDictPickle(_ state: StateDict, half: Bool) -> [UInt8] {
  var keys = 0
  var pickle = PickleWriter()
  pickle.orderedDict(state.names) { pickle, name in
    let shape = state.shape(of: name) ?? []
    pickle.name("torch._utils", "_rebuild_tensor_v2")
    pickle.tuple(6) { pickle in
      pickle.tuple(5) { pickle in
        pickle.word("storage")
        pickle.name("torch", half ? "HalfStorage" : "FloatStorage")
        pickle.text(String(keys))
        pickle.word("cpu")
        pickle.integer(shape.reduce(1, *))
      }
      pickle.reference()
      // The first element's place.
      pickle.integer(0)
      pickle.integers(shape)
      pickle.integers(StoredTensor.contiguousStrides(shape.map { max($0, 1) }))
      // Whether it asks for gradients, and what is called when there are some.
      pickle.no()
      pickle.orderedDict([]) { _, _ in }
    }
    pickle.call()
    keys += 1
  }
  pickle.stop()
  return pickle.bytes
}
