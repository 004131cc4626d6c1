import DiffusionBytes
import DiffusionFiles
import TensorCore

/// The named tensors of a checkpoint. Their elements stay in the file, which is mapped into memory, until they are
/// read.
public struct StateDict: Sendable {
  /// The names, in the file's order.
  public let names: [String]
  /// The metadata of a safetensors file; empty for a `.pt`.
  public let metadata: [String: String]
  /// Where the tensors were found.
  public let origin: StateDictOrigin
  /// The total number of elements.
  public let elementCount: Int
  /// The file that was opened. For a sharded checkpoint it is the index; the tensors are in others.
  let file: MappedFile
  private let entries: [String: Entry]
  /// Small tensors that a module around the network keeps beside it, by the last word of their names.
  let neighbours: [String: StoredTensor]

  /// A tensor: a stored one, or several stacked along the first dimension.
  struct Entry: Sendable {
    let shape: [Int]
    let parts: [StoredTensor]

    func read() -> Tensor {
      if parts.count == 1 { return parts[0].read().reshaped(shape) }
      return Tensor(shape) { target in
        var next = target
        for part in parts {
          part.copy(to: next)
          next += part.count
        }
      }
    }
  }

  /// The tensors `entries`, which are checked against their files.
  ///
  /// - Throws: `CheckpointError.tensor` for a tensor that reaches outside its storage.
  init(
    file: MappedFile, entries: [(name: String, tensor: StoredTensor)], metadata: [String: String],
    origin: StateDictOrigin, neighbours: [String: StoredTensor] = [:]
  ) throws(CheckpointError) {
    for (name, tensor) in entries {
      do { try tensor.validate() } catch { throw .tensor(file: file.name, name: name, error) }
    }
    try self.init(
      file: file, entries: entries.map { ($0.name, Entry(shape: $0.tensor.shape, parts: [$0.tensor])) },
      metadata: metadata, origin: origin, neighbours: neighbours)
  }

  /// The tensors `entries`, whose parts have been checked and whose names are distinct.
  ///
  /// - Throws: `CheckpointError.tensor` if there are too many elements to count.
  init(
    file: MappedFile, entries: [(name: String, entry: Entry)], metadata: [String: String], origin: StateDictOrigin,
    neighbours: [String: StoredTensor] = [:]
  ) throws(CheckpointError) {
    var total = 0
    for (name, entry) in entries {
      total += entry.parts.reduce(0) { $0 + $1.count }
      // Views may share a storage, so the file's size is no bound. The limit keeps sums of sizes in bytes from
      // overflowing.
      guard total <= .max / 16 else { throw .tensor(file: file.name, name: name, .badShape(entry.shape)) }
    }
    self.file = file
    self.metadata = metadata
    self.origin = origin
    elementCount = total
    names = entries.map(\.name)
    self.entries = Dictionary(entries.map { ($0.name, $0.entry) }) { first, _ in first }
    // Not checked, as nothing has to use them.
    self.neighbours = neighbours
  }

  /// No table of a process is larger.
  private static let largestNeighbour = 1 << 17

  /// A vector that a module around the network keeps beside it, such as `betas`; nil if there is none that can be read.
  /// It belongs to the network no more than its neighbours do: nothing has to use it.
  public func neighbour(_ name: String) -> Tensor? {
    guard let tensor = neighbours[name], tensor.shape.count == 1, (try? tensor.validate()) != nil,
      tensor.count <= Self.largestNeighbour
    else { return nil }
    return tensor.read()
  }

  /// The names of the tensors beside the network, also of those that cannot be read.
  public var neighbourNames: Set<String> { Set(neighbours.keys) }

  /// Reads the checkpoint at `path`: a safetensors file, the index of a sharded one (`….safetensors.index.json`), a
  /// `.pt` of any version of PyTorch, or a pickle of modules (`.pkl`). Apart from `.json`, the content determines the
  /// format, not the name. Nothing in the file is executed.
  ///
  /// Of a file with more than one network in it, the network's tensors are read, without what precedes all their names:
  /// of raw weights and their running average the average.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - signatures: names of tensors of which networks that are sought have one. If the file has none of them, the
  ///     likeliest tensors are read, without the prefixes of the usual wrappers.
  ///   - opensTorchScript: whether the `.pt` may be a TorchScript archive, whose modules' tensors are read; its code
  ///     says what the network computes, and is not looked at.
  /// - Throws: `CheckpointError`.
  public static func read(
    path: String, signatures: [String] = [], opensTorchScript: Bool = false
  ) throws(CheckpointError) -> StateDict {
    let state = try readNames(path: path, signatures, opensTorchScript).withoutWrapperPrefixes()
    // Reading names and shapes has paged in elements around them.
    state.releasePages()
    return state
  }

  /// Lets the system reclaim the files' pages until they are accessed again, for instance after all tensors have been
  /// read and copied.
  public func releasePages() {
    var files = [ObjectIdentifier(file): file]
    for part in entries.values.flatMap(\.parts) { files[ObjectIdentifier(part.file)] = part.file }
    for file in files.values { file.release(0..<file.count) }
  }

  /// The same, with unchanged names.
  private static func readNames(
    path: String, _ signatures: [String], _ opensTorchScript: Bool
  ) throws(CheckpointError) -> StateDict {
    let file = try MappedFile(checkpoint: path)
    guard path.hasSuffix(".json") else { return try readFile(file, signatures, opensTorchScript: opensTorchScript) }
    return try readShardedSafetensors(index: file).network(signatures)
  }

  /// Reads a single file.
  static func readFile(
    _ file: MappedFile, _ signatures: [String] = [], opensTorchScript: Bool = false
  ) throws(CheckpointError) -> StateDict {
    if file.integer(0, as: UInt32.self) == ZipArchive.localSignature {
      return try readTorchArchive(file, signatures, opensTorchScript: opensTorchScript)
    }
    if LegacyTorchStream.isOne(file) { return try LegacyTorchStream.read(file, signatures) }
    if isRawPickle(file) { return try readRawPickle(file, signatures) }
    // A safetensors file begins with the length of its header, which begins with a brace.
    if file.integer(8, as: UInt8.self) == UInt8(ascii: "{") {
      return try readSafetensors(file).network(signatures)
    }
    if let other = OtherContents(file) { throw .other(file: file.name, other) }
    throw .unknownFormat(file: file.name)
  }

  /// Reads a safetensors file in static memory.
  ///
  /// - Throws: `CheckpointError`, with `name` as the file's name.
  public static func read(
    safetensors bytes: UnsafeRawBufferPointer, name: String
  ) throws(CheckpointError) -> StateDict {
    try readSafetensors(MappedFile(static: bytes, name: name))
  }

  /// The checkpoint's name in error messages: the path it was read from.
  public var name: String { file.name }

  /// The shape of a tensor, or nil if there is no tensor of that name.
  public func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// The shapes of all tensors by name.
  public var shapes: [String: [Int]] { entries.mapValues(\.shape) }

  /// A tensor's elements as float32.
  ///
  /// - Parameters:
  ///   - name: the tensor's name.
  ///   - shape: the required shape.
  /// - Throws: `CheckpointError.missingTensor`, `.wrongShape`.
  public func tensor(_ name: String, shape: [Int]) throws(CheckpointError) -> Tensor {
    try parameter(name, shape: shape).tensor()
  }

  /// A tensor whose elements are read on demand, as float32.
  ///
  /// - Parameters:
  ///   - name: the tensor's name.
  ///   - shape: the required shape.
  /// - Throws: `CheckpointError.missingTensor`, `.wrongShape`.
  public func parameter(_ name: String, shape: [Int]) throws(CheckpointError) -> Parameter {
    guard let entry = entries[name] else { throw .missingTensor(file: file.name, name: name, shape: shape) }
    guard entry.shape == shape else {
      throw .wrongShape(file: file.name, name: name, found: entry.shape, needed: shape)
    }
    return Parameter(shape) { entry.read() }
  }

  /// The first tensor with a value that is not finite, which no training leaves in a network; nil if there is none.
  /// Reads all of them.
  public var damagedTensor: String? {
    names.first { name in entries[name].map { $0.read().values.contains { !$0.isFinite } } ?? false }
  }

  /// The element types of the stored tensors, the one with the most bytes first.
  public var elementTypes: [StoredElementType] {
    var types: [ElementType: (tensors: Int, elements: Int)] = [:]
    for part in entries.values.flatMap(\.parts) {
      types[part.elementType, default: (0, 0)].tensors += 1
      types[part.elementType, default: (0, 0)].elements += part.count
    }
    return types.map { type, use in
      StoredElementType(
        name: type.rawValue, tensors: use.tensors, elements: use.elements, bytes: use.elements * type.size)
    }.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
  }

  func entry(_ name: String) -> Entry? { entries[name] }
}

/// An element type of a checkpoint, and how much of the checkpoint has it.
public struct StoredElementType: Sendable, Equatable {
  /// As in safetensors: `F32`, `F16`, `BF16`, `I64`, …
  public let name: String
  /// The number of tensors of this type.
  public let tensors: Int
  /// The number of their elements.
  public let elements: Int
  /// The size of the elements in bytes; views that share elements each count in full.
  public let bytes: Int
}
