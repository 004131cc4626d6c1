import DiffusionFiles

/// Reads a pickle that `pickle.dump` wrote, with the elements of each storage as bytes in it, a stream of its own
/// (`torch.storage._load_from_bytes`): the networks of NVIDIA's code bases.
///
/// - Throws: `CheckpointError`.
func readRawPickle(_ file: MappedFile, _ signatures: [String]) throws(CheckpointError) -> StateDict {
  guard let bytes = file.slice(0, file.count) else { throw .empty(file: file.name) }
  let found: TorchTensors
  var position = 0
  do {
    found = try PickleMachine.run(bytes, at: 0, from: &position) { (root, _) throws(PickleFault) in
      try TorchTensors(root)
    }
  } catch { throw .pickle(file: file.name, offset: error.offset, error.fault) }
  return try found.stateDict(file, .pickle, signatures: signatures) { key throws(CheckpointError) in
    throw .stream(file: file.name, .noStorage(key: key))
  }
}

/// Whether `file` begins as a pickle of a protocol since 2 does.
func isRawPickle(_ file: MappedFile) -> Bool {
  guard file.integer(0, as: UInt8.self) == 0x80, let version = file.integer(1, as: UInt8.self) else { return false }
  return (2...5).contains(version)
}
