import DiffusionBytes
import DiffusionFiles
import TensorCore

/// The named tensors of a checkpoint. Their elements stay in the file, which is mapped into memory, until they are asked for.
public struct StateDict: Sendable {
  /// The names, in the file's order.
  public let names: [String]
  /// The strings that a safetensors file holds beside its tensors; empty for a `.pt`.
  public let metadata: [String: String]
  /// Where the tensors were found.
  public let origin: StateDictOrigin
  /// The number of elements of all tensors together.
  public let elementCount: Int
  /// The file that was named. A sharded checkpoint's is the index: the tensors lie in others.
  let file: MappedFile
  private let entries: [String: Entry]

  /// A tensor: one as it is stored, or several stacked along the first dimension.
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

  /// The tensors `entries`, checked against the files they lie in.
  ///
  /// - Throws: `CheckpointError.tensor` for one that reaches outside its storage.
  init(
    file: MappedFile, entries: [(name: String, tensor: StoredTensor)], metadata: [String: String],
    origin: StateDictOrigin
  ) throws(CheckpointError) {
    for (name, tensor) in entries {
      do { try tensor.validate() } catch { throw .tensor(file: file.name, name: name, error) }
    }
    try self.init(
      file: file, entries: entries.map { ($0.name, Entry(shape: $0.tensor.shape, parts: [$0.tensor])) },
      metadata: metadata, origin: origin)
  }

  /// The tensors `entries`, whose parts have been checked and whose names differ.
  ///
  /// - Throws: `CheckpointError.tensor` where there are more elements than can be counted.
  init(
    file: MappedFile, entries: [(name: String, entry: Entry)], metadata: [String: String], origin: StateDictOrigin
  ) throws(CheckpointError) {
    var total = 0
    for (name, entry) in entries {
      total += entry.parts.reduce(0) { $0 + $1.count }
      // Views may share a storage, so that the file's size is no bound; no sum of theirs may overflow, even in bytes.
      guard total <= .max / 16 else { throw .tensor(file: file.name, name: name, .badShape(entry.shape)) }
    }
    self.file = file
    self.metadata = metadata
    self.origin = origin
    elementCount = total
    names = entries.map(\.name)
    self.entries = Dictionary(entries.map { ($0.name, $0.entry) }) { first, _ in first }
  }

  /// Reads the checkpoint at `path`: a safetensors file, the index of a sharded one (`….safetensors.index.json`), or a `.pt`
  /// of any version of PyTorch. Apart from `.json` the content decides which, not the name. Nothing in the file is executed.
  /// Names come without the prefixes of wrappers around the model.
  ///
  /// - Throws: `CheckpointError`.
  public static func read(path: String) throws(CheckpointError) -> StateDict {
    let state = try readNames(path: path).withoutWrapperPrefixes()
    // Around each place that was looked at for names and shapes, the system has mapped pages of elements.
    state.releasePages()
    return state
  }

  /// Lets the system take the files' pages from this process until they are looked at again: for when all tensors have been read,
  /// and copied.
  public func releasePages() {
    var files = [ObjectIdentifier(file): file]
    for part in entries.values.flatMap(\.parts) { files[ObjectIdentifier(part.file)] = part.file }
    for file in files.values { file.release(0..<file.count) }
  }

  /// The same, with the names as they are in the file.
  private static func readNames(path: String) throws(CheckpointError) -> StateDict {
    let file = try MappedFile(checkpoint: path)
    if path.hasSuffix(".json") { return try readShardedSafetensors(index: file) }
    if file.integer(0, as: UInt32.self) == ZipArchive.localSignature { return try readTorchArchive(file) }
    if LegacyTorchStream.isOne(file) { return try LegacyTorchStream.read(file) }
    // A safetensors file begins with the length of its header, which begins with a brace.
    if file.integer(8, as: UInt8.self) == UInt8(ascii: "{") { return try readSafetensors(file) }
    throw .unknownFormat(file: path)
  }

  /// Reads a safetensors file that lies in static memory.
  ///
  /// - Throws: `CheckpointError`, calling the file `name`.
  public static func read(
    safetensors bytes: UnsafeRawBufferPointer, name: String
  ) throws(CheckpointError) -> StateDict {
    try readSafetensors(MappedFile(static: bytes, name: name))
  }

  /// What error messages call the checkpoint: the path it was read from.
  public var name: String { file.name }

  /// The shape of a tensor, or nil if there is none of that name.
  public func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// The shapes of all tensors by name.
  public var shapes: [String: [Int]] { entries.mapValues(\.shape) }

  /// A tensor's elements as float32.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - shape: the shape that it must have.
  /// - Throws: `CheckpointError.missingTensor`, `.wrongShape`.
  public func tensor(_ name: String, shape: [Int]) throws(CheckpointError) -> Tensor {
    try parameter(name, shape: shape).tensor()
  }

  /// A tensor whose elements, as float32, are read when they are asked for.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - shape: the shape that it must have.
  /// - Throws: `CheckpointError.missingTensor`, `.wrongShape`.
  public func parameter(_ name: String, shape: [Int]) throws(CheckpointError) -> Parameter {
    guard let entry = entries[name] else { throw .missingTensor(file: file.name, name: name, shape: shape) }
    guard entry.shape == shape else {
      throw .wrongShape(file: file.name, name: name, found: entry.shape, needed: shape)
    }
    return Parameter(shape) { entry.read() }
  }

  /// The types in which elements are stored, the one with the most bytes first.
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

/// A type in which a checkpoint stores elements, and how much it does so.
public struct StoredElementType: Sendable, Equatable {
  /// In the words of safetensors: `F32`, `F16`, `BF16`, `I64`, …
  public let name: String
  /// The number of tensors.
  public let tensors: Int
  /// The number of their elements.
  public let elements: Int
  /// The bytes that the elements take in the file; those of several views are counted for each.
  public let bytes: Int
}
