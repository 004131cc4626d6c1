import DiffusionBytes

/// Writes the tensors of `state` as a `.pt` in the format of PyTorch since 1.6: a dictionary of tensors by name, for
/// `torch.load` (with `weights_only` and `mmap` too) and `load_state_dict`. Tensors are written one at a time, so that
/// only one is in memory. The same tensors give the same bytes, whatever the file's name.
///
/// - Parameters:
///   - state: the tensors.
///   - half: whether to write float16, rounded to nearest, instead of float32.
///   - file: must be empty.
/// - Throws: `CheckpointError.overflowsHalf` for a value that float16 cannot represent, and what `file` throws. Bytes
///   written by then are useless.
public func writeTorchArchive(_ state: StateDict, half: Bool, to file: some GrowingFile) throws {
  let zip = ZipWriter(file)
  // PyTorch's name for an archive that is not written to a file.
  let folder = "archive"
  func add(_ name: String, _ bytes: [UInt8]) throws {
    try zip.begin("\(folder)/\(name)", size: bytes.count, alignment: storageAlignment)
    try zip.append(entry: bytes)
  }
  try add("data.pkl", stateDictPickle(state, half: half))
  // Without .format_version, which promises offsets that can be computed from sizes, with checksums behind the data.
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

/// PyTorch aligns elements to cache lines, so that they can be used in place in a mapped file.
private let storageAlignment = 64

/// The pickle of the tensors. Each has a storage of its own, whose key is the tensor's number.
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
      // The offset of the first element.
      pickle.integer(0)
      pickle.integers(shape)
      pickle.integers(StoredTensor.contiguousStrides(shape.map { max($0, 1) }))
      // `requires_grad` and the backward hooks.
      pickle.no()
      pickle.orderedDict([]) { _, _ in }
    }
    pickle.call()
    keys += 1
  }
  pickle.stop()
  return pickle.bytes
}
