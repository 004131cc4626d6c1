import DiffusionBytes
import DiffusionFiles
import TensorCore

/// Reads a checkpoint split into several files, safetensors or PyTorch's. `index` is the JSON that maps tensors to
/// files in its own folder.
///
/// - Throws: `CheckpointError`, naming the index and, if a shard is invalid, the shard.
func readShardedSafetensors(index: MappedFile) throws(CheckpointError) -> StateDict {
  let shards = try tensorsOfShards(index)
  let folder = index.name.lastIndex(of: "/").map { String(index.name[...$0]) } ?? ""
  var entries: [(name: String, tensor: StoredTensor)] = []
  var metadata: [String: String] = [:]
  for (shard, wanted) in shards.sorted(by: { $0.key < $1.key }) {
    let state: StateDict
    do {
      let file = try MappedFile(checkpoint: folder + shard)
      state = try shard.hasSuffix(".safetensors") ? readSafetensors(file) : StateDict.readFile(file)
    } catch { throw .shard(index: index.name, error) }
    if let missing = wanted.subtracting(state.names).min() {
      throw .index(file: index.name, .missingTensor(name: missing, shard: shard))
    }
    for name in state.names where wanted.contains(name) {
      if let parts = state.entry(name)?.parts { entries += parts.map { (name, $0) } }
    }
    metadata.merge(state.metadata) { first, _ in first }
  }
  if entries.isEmpty { throw .noTensors(file: index.name) }
  return try StateDict(
    file: index, entries: entries, metadata: metadata, origin: StateDictOrigin(.shardedSafetensors))
}

/// The names of each file's tensors, according to the index.
private func tensorsOfShards(_ index: MappedFile) throws(CheckpointError) -> [String: Set<String>] {
  guard index.count <= safetensorsHeaderLimit, let bytes = index.slice(0, index.count) else {
    throw .index(file: index.name, .tooLarge(bytes: index.count, limit: safetensorsHeaderLimit))
  }
  let weightMap: [String: String]
  do {
    weightMap = try decodeJSON(Index.self, from: bytes).weightMap
  } catch {
    if case DecodingError.keyNotFound = error { throw .descriptionAsModel(file: index.name) }
    throw .index(file: index.name, .notJSON(jsonReason(error)))
  }
  var shards: [String: Set<String>] = [:]
  for (tensor, shard) in weightMap {
    // A path could point anywhere in the file system.
    guard !shard.isEmpty, shard != ".", shard != "..", !shard.hasSuffix(".json"),
      !shard.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
    else { throw .index(file: index.name, .badShardName(shard)) }
    shards[shard, default: []].insert(tensor)
  }
  return shards
}

private struct Index: Decodable {
  let weightMap: [String: String]

  enum CodingKeys: String, CodingKey {
    case weightMap = "weight_map"
  }
}
