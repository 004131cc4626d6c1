import TensorCore

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
  for name in state.names {
    guard let tensor = state.entry(name)?.read() else { continue }
    try tensor.withUnsafePointer { pointer in
      let elements = UnsafeBufferPointer(start: pointer, count: tensor.count)
      if half {
        let largest = largestFinite(elements)
        guard largest.magnitude < halfOverflow else {
          throw CheckpointError.overflowsHalf(file: state.name, name: name, value: largest)
        }
        try writeHalves(elements, to: write)
      } else {
        try write(UnsafeRawBufferPointer(elements))
      }
    }
  }
}

/// The header: JSON that says what each tensor is and where it lies, padded with spaces so that the elements lie aligned.
private func safetensorsHeader(
  _ state: StateDict, metadata: [String: String], half: Bool
) throws(CheckpointError) -> String {
  let type = half ? ElementType.float16 : .float32
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

/// The number of the largest magnitude; infinities, which float16 has too, do not count.
private func largestFinite(_ elements: UnsafeBufferPointer<Float>) -> Float {
  var largest: Float = 0
  for x in elements where x.magnitude > largest.magnitude && x.isFinite { largest = x }
  return largest
}

/// Writes the elements as float16, some at a time.
private func writeHalves(
  _ elements: UnsafeBufferPointer<Float>, to write: (UnsafeRawBufferPointer) throws -> Void
) throws {
  let room = 1 << 16
  var begin = 0
  while begin < elements.count {
    let chunk = elements[begin..<min(begin + room, elements.count)]
    try [UInt16](unsafeUninitializedCapacity: chunk.count) { target, count in
      for (i, x) in chunk.enumerated() { target[i] = halfFromFloat(x) }
      count = chunk.count
    }.withUnsafeBytes { try write($0) }
    begin += room
  }
}
