import DiffusionFiles
import TensorCore

/// The place of a tensor's elements: a strided view of a storage in a file.
struct StoredTensor: Sendable {
  let file: MappedFile
  let elementType: ElementType
  var shape: [Int]
  /// In elements.
  let strides: [Int]
  /// The index of the first element in the storage.
  let offset: Int
  /// The storage: its first byte in the file, its size in bytes, and its claimed number of elements.
  let storageBegin: Int
  let storageBytes: Int
  let storageCount: Int

  /// Checks that all elements are in the storage, and the storage is in the file.
  func validate() throws(TensorFault) {
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

  /// The strides of a tensor in row-major order.
  static func contiguousStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for d in shape.indices.dropLast().reversed() { strides[d] = strides[d + 1] &* shape[d + 1] }
    return strides
  }
}

extension StoredTensor {
  /// The same elements with the columns of even numbers before the others; itself unless it is a matrix with an even
  /// number of columns.
  var evenColumnsFirst: StoredTensor {
    guard shape.count == 2, count > 0, shape[1] % 2 == 0 else { return self }
    return StoredTensor(
      file: file, elementType: elementType, shape: [shape[0], 2, shape[1] / 2],
      strides: [strides[0], strides[1], 2 * strides[1]], offset: offset, storageBegin: storageBegin,
      storageBytes: storageBytes, storageCount: storageCount)
  }
}

extension StoredTensor {
  /// A tensor of `shape` whose elements are all `value`: a view that repeats one element.
  init(constant value: Float, shape: [Int]) {
    let file = MappedFile(holding: value, name: "a constant")
    self.init(
      file: file, elementType: .float32, shape: shape,
      strides: [Int](repeating: 0, count: shape.count), offset: 0, storageBegin: 0, storageBytes: file.count,
      storageCount: 1)
  }
}

// MARK: Reading (of validated tensors only)

extension StoredTensor {
  /// The number of elements.
  var count: Int { shape.reduce(1, *) }

  /// The elements in row-major order. Large tensors that are stored in that order as float32 are not copied.
  func read() -> Tensor { borrowed ?? Tensor(shape) { copy(to: $0) } }

  /// Writes the elements to `target` in row-major order.
  func copy(to target: UnsafeMutablePointer<Float>) {
    guard count > 0, let source = file.slice(storageBegin, storageBytes)?.baseAddress else { return }
    var outer = mergedDimensions
    let row = outer.popLast() ?? (size: 1, stride: 1)
    var index = [Int](repeating: 0, count: outer.count)
    var element = offset
    for r in 0..<count / row.size {
      elementType.convert(
        source + element * elementType.size, stride: row.stride, count: row.size, to: target + r * row.size)
      // Counts up like an odometer, the last dimension fastest.
      for d in outer.indices.reversed() {
        index[d] += 1
        element += outer[d].stride
        if index[d] < outer[d].size { break }
        element -= outer[d].size * outer[d].stride
        index[d] = 0
      }
    }
    file.release(byteRange)
  }

  /// The first `most` elements in row-major order, or all if there are fewer.
  func prefix(_ most: Int) -> [Float] {
    var first = self
    // Only as much of the outermost dimension as is needed.
    let rest = shape.dropFirst().reduce(1, *)
    if !shape.isEmpty && rest > 0 { first.shape[0] = min(shape[0], (most + rest - 1) / rest) }
    guard first.count > 0 else { return [] }
    let elements = [Float](unsafeUninitializedCapacity: first.count) { target, count in
      if let base = target.baseAddress { first.copy(to: base) }
      count = first.count
    }
    return Array(elements.prefix(most))
  }

  /// The tensor as a view of the mapped file. Small tensors are copied instead: then they are aligned and do not keep
  /// the file open.
  private var borrowed: Tensor? {
    let range = byteRange
    let dimensions = mergedDimensions
    guard elementType == .float32, range.count >= MappedFile.largeRange, dimensions.count == 1,
      dimensions[0].stride == 1,
      let bytes = file.slice(range.lowerBound, range.count)?.baseAddress,
      Int(bitPattern: bytes) % MemoryLayout<Float>.alignment == 0
    else { return nil }
    return Tensor(
      shape, borrowing: bytes.assumingMemoryBound(to: Float.self), owner: MappedRange(file: file, range: range))
  }

  /// The bytes of the file from the first element to the last.
  private var byteRange: Range<Int> {
    guard count > 0 else { return storageBegin..<storageBegin }
    let span = zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    let begin = storageBegin + offset * elementType.size
    return begin..<begin + span * elementType.size
  }

  /// The dimensions of more than one element, with contiguous ones merged: a tensor in row-major order has one.
  private var mergedDimensions: [(size: Int, stride: Int)] {
    var merged: [(size: Int, stride: Int)] = []
    for (size, stride) in zip(shape, strides) where size != 1 {
      if let last = merged.last, last.stride == stride * size {
        merged[merged.count - 1] = (last.size * size, stride)
      } else {
        merged.append((size, stride))
      }
    }
    return merged
  }
}

/// Keeps a file mapped for a tensor that borrows from it, and releases the pages together with the tensor.
private final class MappedRange: Sendable {
  private let file: MappedFile
  private let range: Range<Int>

  init(file: MappedFile, range: Range<Int>) {
    self.file = file
    self.range = range
  }

  deinit { file.release(range) }
}
