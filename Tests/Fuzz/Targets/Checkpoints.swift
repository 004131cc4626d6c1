import DiffusionBytes
import DiffusionModels

/// Files of tensors, as they are and wrapped so that the interesting part is what changes.
let checkpointTargets = [
  // A .pt as it is: the zip archive around the pickle.
  FuzzTarget("torch-zip") { bytes in try readCheckpoint(ScratchFolder.write(bytes, as: "model.pt")) },
  // The pickle of a sound archive.
  FuzzTarget("pickle") { bytes in try readCheckpoint(ScratchFolder.write(torchArchive(pickle: bytes), as: "model.pt"))
  },
  // Before PyTorch 1.6.
  FuzzTarget("torch-legacy") { bytes in try readCheckpoint(ScratchFolder.write(bytes, as: "model.pt")) },
  // A pickle with the storages in it.
  FuzzTarget("raw-pickle") { bytes in try readCheckpoint(ScratchFolder.write(bytes, as: "model.pkl")) },
  FuzzTarget("safetensors") { bytes in
    try readCheckpoint(ScratchFolder.write(bytes, as: "model.safetensors"))
  },
  // The JSON of a file that is as long as it says, and what the model in it would be.
  FuzzTarget("safetensors-header") { bytes in
    let front = littleEndianBytes(UInt64(bytes.count)) + bytes
    let size = front.count + min(lastOffset(in: bytes), 1 << 34)
    try inspectCheckpoint(ScratchFolder.write(front, as: "model.safetensors", size: size))
  },
  // The index of a sharded checkpoint, beside a shard that is there.
  FuzzTarget("safetensors-index") { bytes in
    ScratchFolder.write(shard, as: "a.safetensors")
    try readCheckpoint(ScratchFolder.write(bytes, as: "model.safetensors.index.json"))
  },
]

/// Reads all tensors of a checkpoint, those of hostile views left out that would have more elements
/// than the file has bytes.
private func readCheckpoint(_ path: String) throws {
  let state = try CheckpointContents(path: path).state
  blackHole(state.elementTypes)
  for name in state.names {
    guard let shape = state.shape(of: name) else { fatalError("\(name) has no shape") }
    if shape.reduce(1, *) <= 1 << 16 { blackHole(try state.tensor(name, shape: shape).values) }
  }
  try inspectCheckpoint(path)
}

/// What `sample` finds out about a model before it draws: everything but the tensors' elements.
private func inspectCheckpoint(_ path: String) throws {
  let source = try ModelSource(path: path)
  if source.specification.task == .classification {
    blackHole(try source.classifier().countFlops(batch: 1))
  } else {
    let specification = source.specification
    let size = [Int](repeating: specification.imageSize, count: specification.dimensions)
    blackHole(try source.network().countFlops(batch: 1, size: size))
  }
}

/// An archive as `torch.save` writes it, with two storages of 64 bytes.
private func torchArchive(pickle: [UInt8]) throws -> [UInt8] {
  let storage = [UInt8](repeating: 0x3F, count: 64)
  return try zipArchive([("archive/data.pkl", pickle), ("archive/data/0", storage), ("archive/data/1", storage)])
}

/// A file of one tensor.
private let shard: [UInt8] = {
  let header = Array(#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#.utf8)
  return littleEndianBytes(UInt64(header.count)) + header + [UInt8](repeating: 0, count: 8)
}()

/// The largest number in brackets in a header: where the last tensor ends, or a dimension.
private func lastOffset(in header: [UInt8]) -> Int {
  var (largest, number, isIn) = (0, 0, false)
  for byte in header {
    switch byte {
    case UInt8(ascii: "["), UInt8(ascii: ","):
      (number, isIn) = (0, true)
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      if number < 1 << 40 { number = number * 10 + Int(byte - UInt8(ascii: "0")) }
    case UInt8(ascii: "]"):
      if isIn { largest = max(largest, number) }
      (number, isIn) = (0, false)
    default: break
    }
  }
  return largest
}
