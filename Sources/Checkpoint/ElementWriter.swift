/// What elements are written as.
func writtenType(half: Bool) -> ElementType { half ? .float16 : .float32 }

/// Writes the elements of the tensor `name` of `state` in row-major order, as float32 or, rounded to the nearest, as float16.
///
/// - Parameter write: takes the next bytes; they are valid during the call only.
/// - Throws: `CheckpointError.overflowsHalf` for a number that float16 cannot hold, and what `write` throws.
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
