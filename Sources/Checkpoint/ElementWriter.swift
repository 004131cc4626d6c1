/// The type that elements are written as.
func writtenType(half: Bool) -> ElementType { half ? .float16 : .float32 }

/// Writes the elements of the tensor `name` of `state` in row-major order, as float32 or as float16, rounded to
/// nearest.
///
/// - Parameter write: receives the next bytes, which are valid only during the call.
/// - Throws: `CheckpointError.overflowsHalf` for a value that float16 cannot represent, and what `write` throws.
func writeElements(
  of name: String, in state: StateDict, half: Bool, to write: (UnsafeRawBufferPointer) throws -> Void
) throws {
  guard let tensor = state.entry(name)?.read() else { return }
  try tensor.withUnsafePointer { pointer in
    let elements = UnsafeBufferPointer(start: pointer, count: tensor.count)
    guard half else { return try write(UnsafeRawBufferPointer(elements)) }
    let largest = largestFinite(elements)
    guard largest.magnitude < halfOverflow else {
      throw CheckpointError.overflowsHalf(file: state.name, name: name, value: largest)
    }
    try writeHalves(elements, to: write)
  }
}

/// The value of the largest magnitude, not counting infinities, which float16 has too.
private func largestFinite(_ elements: UnsafeBufferPointer<Float>) -> Float {
  var largest: Float = 0
  for x in elements where x.magnitude > largest.magnitude && x.isFinite { largest = x }
  return largest
}

/// Writes the elements as float16, in chunks.
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
