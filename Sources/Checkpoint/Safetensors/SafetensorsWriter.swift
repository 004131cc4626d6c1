import TensorCore

/// Writes the tensors of `state` as a safetensors file, in the order of their names in it and one at a time, so that no more
/// than one is in memory. The same tensors and metadata make the same bytes.
///
/// - Parameters:
///   - state: the tensors.
///   - metadata: strings that the file holds beside its tensors.
///   - half: whether to write float16, rounded to the nearest, rather than float32.
///   - write: takes the next bytes of the file; they are valid during the call only.
/// - Throws: `CheckpointError.overflowsHalf` for a number that float16 cannot hold, `.tensor` for a name that safetensors
///   files keep for themselves, and what `write` throws. What has been written by then is of no use.
public func writeSafetensors(
  _ state: StateDict, metadata: [String: String], half: Bool, to write: (UnsafeRawBufferPointer) throws -> Void
) throws {
  let shapes = state.names.map { (name: $0, shape: state.shape(of: $0) ?? []) }
  try writeHeader(shapes, of: state.name, metadata: metadata, type: writtenType(half: half), to: write)
  for name in state.names { try writeElements(of: name, in: state, half: half, to: write) }
}

/// Writes tensors as a safetensors file of float32, in the given order.
///
/// - Throws: `CheckpointError.tensor` for a name that safetensors files keep for themselves, and what `write` throws.
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

private func writeHeader(
  _ shapes: [(name: String, shape: [Int])], of file: String, metadata: [String: String], type: ElementType,
  to write: (UnsafeRawBufferPointer) throws -> Void
) throws {
  let header = Array(try safetensorsHeader(shapes, of: file, metadata: metadata, type: type).utf8)
  try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try write($0) }
  try header.withUnsafeBytes { try write($0) }
}

/// The header: JSON that says what each tensor is and where it lies, padded with spaces so that the elements lie aligned.
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
