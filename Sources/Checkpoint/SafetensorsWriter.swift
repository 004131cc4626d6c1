/// Writes the tensors of `state` as a safetensors file, in the order of their names in it and one at a time, so that no more
/// than one is in memory. The same tensors and metadata make the same bytes.
///
/// - Parameters:
///   - metadata: strings that the file holds beside its tensors.
///   - half: whether to write float16, rounded to the nearest, rather than float32.
///   - write: takes the next bytes of the file; they are valid during the call only.
/// - Throws: `CheckpointError.overflowsHalf` for a number that float16 cannot hold, `.tensor` for a name that safetensors
///   files keep for themselves, and what `write` throws. What has been written by then is of no use.
public func writeSafetensors(
  _ state: StateDict, metadata: [String: String], half: Bool, to write: (UnsafeRawBufferPointer) throws -> Void
) throws {
  let header = Array(try safetensorsHeader(state, metadata: metadata, half: half).utf8)
  try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try write($0) }
  try header.withUnsafeBytes { try write($0) }
  for name in state.names { try writeElements(of: name, in: state, half: half, to: write) }
}

/// The header: JSON that says what each tensor is and where it lies, padded with spaces so that the elements lie aligned.
private func safetensorsHeader(
  _ state: StateDict, metadata: [String: String], half: Bool
) throws(CheckpointError) -> String {
  let type = writtenType(half: half)
  var items: [String] = []
  if !metadata.isEmpty {
    let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
    items.append("\(quoted(safetensorsMetadataKey)):{\(pairs.joined(separator: ","))}")
  }
  var offset = 0
  for name in state.names {
    if name == safetensorsMetadataKey { throw .tensor(file: state.name, name: name, .reservedName) }
    let shape = state.shape(of: name) ?? []
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
