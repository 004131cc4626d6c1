import DiffusionBytes
import DiffusionFiles
import TensorCore

/// Reads the safetensors format: the length of a JSON header, the header, and the elements of all tensors, without
/// gaps.
///
/// - Throws: `CheckpointError`, with a `SafetensorsFault` if the file is invalid.
func readSafetensors(_ file: MappedFile) throws(CheckpointError) -> StateDict {
  let parsed: (entries: [(name: String, tensor: StoredTensor)], metadata: [String: String])
  do { parsed = try parseSafetensors(file) } catch { throw .safetensors(file: file.name, error) }
  if parsed.entries.isEmpty { throw .noTensors(file: file.name) }
  return try StateDict(
    file: file, entries: parsed.entries, metadata: parsed.metadata, origin: StateDictOrigin(.safetensors))
}

extension StateDict {
  /// Tensors in memory, copied: what a safetensors file of them would hold.
  ///
  /// - Parameters:
  ///   - tensors: the tensors, with distinct names.
  ///   - metadata: strings that belong to them.
  ///   - name: what they are called in messages.
  /// - Throws: `CheckpointError.tensor` for a name reserved in safetensors files.
  public init(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String], name: String
  ) throws(CheckpointError) {
    let beginning = try safetensorsBeginning(tensors.map { ($0.name, $0.tensor.shape) }, metadata: metadata)
    let size = MemoryLayout<Float>.size
    let count = tensors.reduce(beginning.count) { $0 + $1.tensor.count * size }
    let file = MappedFile(name: name, count: count) { bytes in
      bytes.copyBytes(from: beginning)
      var place = beginning.count
      for (_, tensor) in tensors {
        let end = place + tensor.count * size
        tensor.withUnsafePointer {
          UnsafeMutableRawBufferPointer(rebasing: bytes[place..<end]).copyMemory(
            from: UnsafeRawBufferPointer(UnsafeBufferPointer(start: $0, count: tensor.count)))
        }
        place = end
      }
    }
    self = try readSafetensors(file)
  }
}

/// The header's key for metadata strings, in place of a tensor's name.
let safetensorsMetadataKey = "__metadata__"

/// The format's limit on the header, in bytes.
let safetensorsHeaderLimit = 100_000_000

private func parseSafetensors(
  _ file: MappedFile
) throws(SafetensorsFault) -> (entries: [(name: String, tensor: StoredTensor)], metadata: [String: String]) {
  let length = file.integer(0, as: UInt64.self) ?? .max
  guard file.count >= 8, length <= UInt64(file.count - 8) else {
    throw .headerBeyondEnd(length: length, available: max(0, file.count - 8))
  }
  guard length <= safetensorsHeaderLimit, let bytes = file.slice(8, Int(length)) else {
    throw .headerTooLong(length: length, limit: safetensorsHeaderLimit)
  }
  let header: Header
  do {
    header = try decodeJSON(Header.self, from: bytes)
  } catch {
    throw .headerNotJSON(jsonReason(error))
  }

  let begin = 8 + Int(length)
  let available = file.count - begin
  // Sorted by position; tensors must follow one another without overlap or gap.
  let sorted = header.tensors.sorted {
    $0.value.begin < $1.value.begin || ($0.value.begin == $1.value.begin && $0.value.end < $1.value.end)
  }
  var expected = 0
  var entries: [(name: String, tensor: StoredTensor)] = []
  for (name, tensor) in sorted {
    guard let type = ElementType(rawValue: tensor.dtype) else {
      throw .unknownElementType(tensor: name, type: tensor.dtype)
    }
    var needed = type.size
    for size in tensor.shape {
      let (product, overflow) = needed.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { throw .badShape(tensor: name, shape: tensor.shape) }
      needed = product
    }
    guard tensor.begin >= 0, tensor.begin <= tensor.end, tensor.end <= available else {
      throw .badRange(tensor: name, begin: tensor.begin, end: tensor.end, available: available)
    }
    guard tensor.end - tensor.begin == needed else {
      throw .wrongSize(tensor: name, needed: needed, found: tensor.end - tensor.begin)
    }
    guard tensor.begin == expected else {
      throw .overlapOrGap(tensor: name, begin: tensor.begin, expected: expected)
    }
    expected = tensor.end
    let stored = StoredTensor(
      file: file,
      elementType: type, shape: tensor.shape, strides: StoredTensor.contiguousStrides(tensor.shape), offset: 0,
      storageBegin: begin + tensor.begin, storageBytes: needed, storageCount: needed / type.size)
    entries.append((name, stored))
  }
  guard expected == available else { throw .trailing(bytes: available - expected) }
  return (entries, header.metadata)
}

/// The header: a JSON object of tensors by name, with an object of strings under `__metadata__`.
private struct Header: Decodable {
  var tensors: [String: TensorEntry] = [:]
  var metadata: [String: String] = [:]

  struct TensorEntry: Decodable {
    let dtype: String
    let shape: [Int]
    let begin: Int
    let end: Int

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dtype = try container.decode(String.self, forKey: .dtype)
      shape = try container.decode([Int].self, forKey: .shape)
      let offsets = try container.decode([Int].self, forKey: .dataOffsets)
      guard offsets.count == 2 else {
        throw DecodingError.dataCorruptedError(
          forKey: .dataOffsets, in: container, debugDescription: "data_offsets should be two numbers")
      }
      (begin, end) = (offsets[0], offsets[1])
    }
  }

  struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for key in container.allKeys {
      if key.stringValue == safetensorsMetadataKey {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        tensors[key.stringValue] = try container.decode(TensorEntry.self, forKey: key)
      }
    }
  }
}
