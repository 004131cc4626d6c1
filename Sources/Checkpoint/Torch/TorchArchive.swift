import DiffusionBytes
import DiffusionFiles

/// Reads a `.pt` of PyTorch since 1.6: a zip archive with an entry for the elements of each storage, and a pickle of
/// the tensors that view them. TorchScript adds entries of code, which are never looked at.
///
/// - Parameters:
///   - file: the archive.
///   - signatures: names of tensors of the networks that are sought.
///   - opensTorchScript: whether it may be TorchScript's.
/// - Throws: `CheckpointError`.
func readTorchArchive(
  _ file: MappedFile, _ signatures: [String], opensTorchScript: Bool = false
) throws(CheckpointError) -> StateDict {
  let archive: TorchArchive
  do { archive = try TorchArchive(file, opensTorchScript: opensTorchScript) } catch {
    if error != .torchScript, let bytes = file.slice(0, file.count),
      let entries = (try? ZipArchive(bytes, takesDeflate: true))?.entries.keys,
      let other = OtherContents(entries: entries, path: file.name)
    {
      throw .other(file: file.name, other)
    }
    throw .archive(file: file.name, error)
  }
  let found: TorchTensors
  var position = 0
  do {
    found = try PickleMachine.run(archive.pickle, at: archive.pickleBegin, from: &position) {
      (root, _) throws(PickleFault) in
      try TorchTensors(root)
    }
  } catch { throw .pickle(file: file.name, offset: error.offset, error.fault) }
  return try found.stateDict(file, .torchZip, signatures: signatures) { key throws(CheckpointError) in
    guard let storage = archive.storages[key] else { throw .archive(file: file.name, .noStorage(key: key)) }
    return storage
  }
}

/// The parts of the archive: `NAME/data.pkl`, `NAME/data/KEY`, `NAME/byteorder`.
private struct TorchArchive {
  let pickle: UnsafeRawBufferPointer
  let pickleBegin: Int
  let storages: [String: Range<Int>]

  init(_ file: MappedFile, opensTorchScript: Bool) throws(ArchiveFault) {
    guard let bytes = file.slice(0, file.count) else { throw .noPickle }
    var entries: [String: Range<Int>]
    do {
      entries = try ZipArchive(bytes).entries.mapValues(\.place)
    } catch {
      // The code of TorchScript is compressed, where storages never are.
      guard let all = (try? ZipArchive(bytes, takesDeflate: true))?.entries, all.keys.contains(where: Self.isCode)
      else { throw .zip(error) }
      if let other = all.first(where: { $0.value.isDeflated && !Self.isCode($0.key) }) {
        throw .zip(.compressed(entry: other.key))
      }
      entries = all.mapValues(\.place)
    }
    if entries.keys.contains(where: Self.isCode) {
      guard opensTorchScript else { throw .torchScript }
      entries = entries.filter { !Self.isCode($0.key) }
    }
    let pickles = entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    guard let name = pickles.min(by: { $0.utf8.count < $1.utf8.count }), let place = entries[name] else {
      throw .noPickle
    }
    guard place.count <= PickleMachine.sizeLimit, let pickle = file.slice(place.lowerBound, place.count) else {
      throw .pickleTooLarge(bytes: place.count, limit: PickleMachine.sizeLimit)
    }
    (self.pickle, pickleBegin) = (pickle, place.lowerBound)
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

  private static func isCode(_ entry: String) -> Bool { entry.contains("/code/") }
}
