import DiffusionBytes
import TensorCore

/// Writes the tensors of `state` as a safetensors file, in the order of `state.names` and one at a time, so that only
/// one is in memory. The same tensors and metadata give the same bytes.
///
/// - Parameters:
///   - state: the tensors.
///   - metadata: strings to store with the tensors.
///   - half: whether to write float16, rounded to nearest, instead of float32.
///   - write: receives the next bytes of the file, which are valid only during the call.
/// - Throws: `CheckpointError.overflowsHalf` for a value that float16 cannot represent, `.tensor` for a name reserved
///   in safetensors files, and what `write` throws. Bytes written by then are useless.
public func writeSafetensors(
  _ state: StateDict, metadata: [String: String], half: Bool, to write: (UnsafeRawBufferPointer) throws -> Void
) throws {
  let shapes = state.names.map { (name: $0, shape: state.shape(of: $0) ?? []) }
  try writeHeader(shapes, of: state.name, metadata: metadata, type: writtenType(half: half), to: write)
  for name in state.names { try writeElements(of: name, in: state, half: half, to: write) }
}

/// Writes tensors as a safetensors file of float32, in the given order.
///
/// - Throws: `CheckpointError.tensor` for a name reserved in safetensors files, and what `write` throws.
public func writeSafetensors(
  _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String],
  to write: (UnsafeRawBufferPointer) throws -> Void
) throws {
  let shapes = tensors.map { (name: $0.name, shape: $0.tensor.shape) }
  try writeHeader(shapes, of: "the tensors", metadata: metadata, type: .float32, to: write)
  for (_, tensor) in tensors {
    try tensor.withUnsafePointer {
      try write(UnsafeRawBufferPointer(UnsafeBufferPointer(start: $0, count: tensor.count)))
    }
  }
}

/// The bytes in front of the elements in a safetensors file of float32 tensors of these shapes, which follow one after
/// another, row by row.
///
/// - Throws: `CheckpointError.tensor` for a name reserved in safetensors files.
public func safetensorsBeginning(
  _ shapes: [(name: String, shape: [Int])], metadata: [String: String]
) throws(CheckpointError) -> [UInt8] {
  let header = try safetensorsHeader(shapes, of: "the tensors", metadata: metadata, type: .float32)
  return littleEndianBytes(UInt64(header.utf8.count)) + Array(header.utf8)
}

private func writeHeader(
  _ shapes: [(name: String, shape: [Int])], of file: String, metadata: [String: String], type: ElementType,
  to write: (UnsafeRawBufferPointer) throws -> Void
) throws {
  let header = Array(try safetensorsHeader(shapes, of: file, metadata: metadata, type: type).utf8)
  try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try write($0) }
  try header.withUnsafeBytes { try write($0) }
}

/// The header: JSON with the type, shape and place of each tensor, padded with spaces to align the elements.
private func safetensorsHeader(
  _ shapes: [(name: String, shape: [Int])], of file: String, metadata: [String: String], type: ElementType
) throws(CheckpointError) -> String {
  var items: [String] = []
  if !metadata.isEmpty {
    let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
    items.append("\(quoted(safetensorsMetadataKey)):{\(pairs.joined(separator: ","))}")
  }
  var offset = 0
  for (name, shape) in shapes {
    if name == safetensorsMetadataKey { throw .tensor(file: file, name: name, .reservedName) }
    let end = offset + shape.reduce(1, *) * type.size
    let sizes = shape.map(String.init).joined(separator: ",")
    items.append(
      #"\#(quoted(name)):{"dtype":"\#(type.rawValue)","shape":[\#(sizes)],"data_offsets":[\#(offset),\#(end)]}"#)
    offset = end
  }
  let header = "{\(items.joined(separator: ","))}"
  return header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
}

/// A JSON string.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": result += "\\\(scalar)"
    case "\0"..."\u{1F}":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
