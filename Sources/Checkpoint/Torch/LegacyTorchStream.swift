import DiffusionFiles

/// A `.pt` of PyTorch before 1.6 (`torch.serialization._legacy_save`): five pickles – a magic number, the protocol
/// version, facts about the system, the object, and the keys of the storages – and then for each key an element count
/// of eight bytes and the elements.
struct LegacyTorchStream {
  private let file: MappedFile
  /// Where the stream lies in the file.
  private let range: Range<Int>
  /// The offset in the stream of the next pickle or storage.
  private var position = 0

  /// Whether `file` begins, at `offset`, with a pickle of the magic number.
  static func isOne(_ file: MappedFile, at offset: Int = 0) -> Bool {
    // LONG1 with 0x1950a86a20f9469cfc6c in ten bytes.
    let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    guard file.integer(offset, as: UInt8.self) == 0x80 else { return false }
    // After the instruction PROTO, and from protocol 4 on after FRAME.
    return [2, 11].contains { file.slice(offset + $0, magic.count)?.elementsEqual(magic) ?? false }
  }

  /// Reads `file`, which begins with the magic number.
  ///
  /// - Throws: `CheckpointError`.
  static func read(_ file: MappedFile, _ signatures: [String]) throws(CheckpointError) -> StateDict {
    var stream = LegacyTorchStream(file: file, range: 0..<file.count)
    return try stream.read(signatures)
  }

  /// The storage that is saved as a stream in `range` of `file`, and where its elements lie.
  ///
  /// - Throws: `CheckpointError`.
  static func storage(
    _ file: MappedFile, _ range: Range<Int>
  ) throws(CheckpointError) -> (storage: PickleStorage, place: Range<Int>) {
    guard isOne(file, at: range.lowerBound) else { throw .stream(file: file.name, .noMagicNumber) }
    var stream = LegacyTorchStream(file: file, range: range)
    let (root, places) = try stream.readParts { root throws(PickleFault) -> PickleStorage? in
      if case .storage(.named(let storage)) = root { storage } else { nil }
    }
    guard let root, let place = places[root.key] else { throw .stream(file: file.name, .notAStorage) }
    return (root, place)
  }

  private init(file: MappedFile, range: Range<Int>) { (self.file, self.range) = (file, range) }

  private mutating func read(_ signatures: [String]) throws(CheckpointError) -> StateDict {
    let (found, places) = try readParts { root throws(PickleFault) in try TorchTensors(root) }
    return try found.stateDict(file, .torchLegacyStream, signatures: signatures) { key throws(CheckpointError) in
      guard let place = places[key] else { throw .stream(file: file.name, .noStorage(key: key)) }
      return place
    }
  }

  /// What `body` makes of the object, and the places of all storages.
  private mutating func readParts<R>(
    _ body: (PickleValue) throws(PickleFault) -> R
  ) throws(CheckpointError) -> (R, [String: Range<Int>]) {
    try pickle { _, _ in }
    try readHead()
    let (made, described) = try pickle { (root, storages) throws(PickleFault) in (try body(root), storages) }
    let keys = try pickle { (keys, _) throws(PickleFault) in try Self.strings(keys) }
    do { return (made, try findStorages(keys, described)) } catch { throw .stream(file: file.name, error) }
  }

  /// Reads the protocol version and the facts about the system, of which only the byte order matters.
  private mutating func readHead() throws(CheckpointError) {
    let version = try pickle { (version, _) throws(PickleFault) in
      guard case .integer(let version) = version else {
        throw .unexpected("the protocol's version is \(version.kind)")
      }
      return version
    }
    guard version == 1001 else { throw .stream(file: file.name, .protocolVersion(version)) }
    let isLittleEndian = try pickle { (facts, _) throws(PickleFault) in
      guard case .dictionary(let facts) = facts else {
        throw .unexpected("the facts about the system are \(facts.kind)")
      }
      if case .bool(false)? = facts["little_endian"] { return false }
      return true
    }
    guard isLittleEndian else { throw .stream(file: file.name, .bigEndian) }
  }

  /// Runs the next pickle.
  private mutating func pickle<R>(
    _ body: (PickleValue, [String: PickleStorage]) throws(PickleFault) -> R
  ) throws(CheckpointError) -> R {
    // The size limit of one pickle applies to all together.
    guard let bytes = file.slice(range.lowerBound, min(range.count, PickleMachine.sizeLimit)) else {
      throw .empty(file: file.name)
    }
    do {
      return try PickleMachine.run(bytes, at: range.lowerBound, from: &position, body)
    } catch { throw .pickle(file: file.name, offset: range.lowerBound + error.offset, error.fault) }
  }

  /// The byte ranges of the storages `keys`, which follow one another.
  private mutating func findStorages(
    _ keys: [String], _ described: [String: PickleStorage]
  ) throws(StreamFault) -> [String: Range<Int>] {
    var places: [String: Range<Int>] = [:]
    for key in keys {
      guard let storage = described[key] else { throw .unknownStorage(key: key) }
      let offset = range.lowerBound + position
      guard position + MemoryLayout<Int64>.size <= range.count, let count = file.integer(offset, as: Int64.self) else {
        throw .beyondEnd(key: key, offset: offset, available: range.upperBound)
      }
      guard count == storage.count else { throw .wrongCount(key: key, found: count, needed: storage.count) }
      let begin = offset + MemoryLayout<Int64>.size
      let (bytes, overflow) = storage.count.multipliedReportingOverflow(by: storage.elementType.size)
      guard !overflow, bytes >= 0, bytes <= range.upperBound - begin else {
        throw .beyondEnd(key: key, offset: begin, available: range.upperBound)
      }
      position = begin + bytes - range.lowerBound
      guard places.updateValue(begin..<begin + bytes, forKey: key) == nil else { throw .duplicate(key: key) }
    }
    return places
  }

  private static func strings(_ value: PickleValue) throws(PickleFault) -> [String] {
    guard case .list(let list) = value else { throw .unexpected("the keys of the storages are \(value.kind)") }
    var strings: [String] = []
    for item in list.items {
      guard case .string(let string) = item else { throw .unexpected("the key of a storage is \(item.kind)") }
      strings.append(string)
    }
    return strings
  }
}
