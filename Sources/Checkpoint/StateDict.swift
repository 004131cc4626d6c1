import TensorCore

/// The named tensors of a checkpoint. Their elements stay in the file, which is mapped into memory, until they are asked for.
public struct StateDict: Sendable {
  /// The names, in the file's order.
  public let names: [String]
  /// The strings that a safetensors file holds beside its tensors; empty for a `.pt`.
  public let metadata: [String: String]
  let file: FileBytes
  private let entries: [String: StoredTensor]

  /// The tensors `entries`, checked against the file they lie in.
  ///
  /// - Throws: `CheckpointError.tensor` for one that reaches outside its storage.
  init(file: FileBytes, entries: [(name: String, tensor: StoredTensor)], metadata: [String: String])
    throws(CheckpointError)
  {
    for (name, tensor) in entries {
      do { try tensor.validate(in: file) } catch { throw .tensor(file: file.name, name: name, error) }
    }
    self.file = file
    self.metadata = metadata
    names = entries.map(\.name)
    self.entries = Dictionary(entries.map { ($0.name, $0.tensor) }) { first, _ in first }
  }

  /// Reads the checkpoint at `path`: safetensors, or a `.pt` as PyTorch has written since 1.6. The content decides which, not
  /// the name. Nothing in the file is executed.
  ///
  /// - Throws: `CheckpointError`.
  public static func read(path: String) throws(CheckpointError) -> StateDict {
    let file = try FileBytes(path: path)
    if file.integer(0, as: UInt32.self) == ZipArchive.localSignature { return try readTorchArchive(file) }
    if isLegacyTorch(file) { throw .legacyFormat(file: path) }
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
    try readSafetensors(FileBytes(static: bytes, name: name))
  }

  /// The shape of a tensor, or nil if there is none of that name.
  public func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// A tensor's elements as float32.
  ///
  /// - Parameter shape: the shape that it must have.
  /// - Throws: `CheckpointError.missingTensor`, `.wrongShape`.
  public func tensor(_ name: String, shape: [Int]) throws(CheckpointError) -> Tensor {
    guard let entry = entries[name] else { throw .missingTensor(file: file.name, name: name, shape: shape) }
    guard entry.shape == shape else {
      throw .wrongShape(file: file.name, name: name, found: entry.shape, needed: shape)
    }
    return entry.read(from: file)
  }

  /// Pickle protocol 2, and then the magic number 0x1950a86a20f9469cfc6c as an integer of ten bytes.
  private static func isLegacyTorch(_ file: FileBytes) -> Bool {
    let magic: [UInt8] = [
      0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]
    return file.slice(0, magic.count).map { $0.elementsEqual(magic) } ?? false
  }
}

/// Where a tensor's elements lie: a view, with strides, of a storage in the file.
struct StoredTensor: Sendable {
  var elementType: ElementType
  var shape: [Int]
  /// In elements.
  var strides: [Int]
  /// The first element's place in the storage, in elements.
  var offset: Int
  /// The storage: its first byte in the file, its size there, and the elements it is said to have.
  var storageBegin: Int
  var storageBytes: Int
  var storageCount: Int

  /// Checks that each element lies in the storage and the storage in the file.
  func validate(in file: FileBytes) throws(TensorFault) {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { throw .badShape(shape) }
      count = product
    }
    let (needed, overflow) = storageCount.multipliedReportingOverflow(by: elementType.size)
    guard storageCount >= 0, !overflow, needed <= storageBytes, file.slice(storageBegin, storageBytes) != nil else {
      throw .storageTooShort(needed: overflow ? .max : needed, found: storageBytes)
    }
    guard count > 0 else { return }
    guard count <= storageCount else { throw .repeats(shape: shape, elements: storageCount) }
    let outside = TensorFault.outsideStorage(
      shape: shape, strides: strides, offset: offset, elements: storageCount)
    guard strides.count == shape.count, offset >= 0 else { throw outside }
    var last = offset
    for (size, stride) in zip(shape, strides) {
      let (span, spanOverflow) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, sumOverflow) = last.addingReportingOverflow(span)
      guard stride >= 0, !spanOverflow, !sumOverflow else { throw outside }
      last = sum
    }
    guard last < storageCount else { throw outside }
  }

  /// The elements in row-major order; the tensor must have been validated.
  func read(from file: FileBytes) -> Tensor {
    let count = shape.reduce(1, *)
    guard count > 0, let bytes = file.slice(storageBegin, storageBytes) else { return Tensor(zeros: shape) }
    return Tensor(shape) { target in
      if isContiguous {
        if elementType == .float32, let source = bytes.baseAddress {
          UnsafeMutableRawPointer(target).copyMemory(from: source + offset * 4, byteCount: count * 4)
        } else {
          for i in 0..<count { target[i] = elementType.float(bytes, at: (offset + i) * elementType.size) }
        }
        return
      }
      var index = [Int](repeating: 0, count: shape.count)
      var element = offset
      for i in 0..<count {
        target[i] = elementType.float(bytes, at: element * elementType.size)
        // Counts up like an odometer, the last dimension fastest.
        for d in shape.indices.reversed() {
          index[d] += 1
          element += strides[d]
          if index[d] < shape[d] { break }
          element -= shape[d] * strides[d]
          index[d] = 0
        }
      }
    }
  }

  private var isContiguous: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() {
      if size != 1 && stride != expected { return false }
      expected *= size
    }
    return true
  }

  /// The strides of a tensor in row-major order.
  static func contiguousStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for d in shape.indices.dropLast().reversed() { strides[d] = strides[d + 1] &* shape[d + 1] }
    return strides
  }
}
