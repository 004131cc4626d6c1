/// An n-dimensional array of float32 in row-major order, without strides or views: element `[i, j, k]` of shape
/// `[I, J, K]` is at offset `(i · J + j) · K + k`.
///
/// A tensor is a value: copies share storage until one of them is written to. Pictures enter and leave the library as
/// `[N, C, H, W]`, as in PyTorch; inside the UNet activations are channels-last (`Sources/README.md` says why).
public struct Tensor: Sendable {
  /// The size of each dimension; `[]` is a scalar.
  public let shape: [Int]
  var storage: TensorStorage

  /// The number of elements: the product of `shape`.
  public var count: Int { storage.count }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) {
    self.init(uninitialized: shape)
    storage.pointer.update(repeating: 0, count: count)
  }

  /// A tensor whose elements, in row-major order, are `values`.
  public init(_ shape: [Int], _ values: [Float]) {
    precondition(
      values.count == shape.reduce(1, *), "\(values.count) values cannot fill a tensor of shape \(shape)")
    self.init(uninitialized: shape)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { storage.pointer.update(from: base, count: count) }
    }
  }

  /// A tensor whose memory is filled by `fill`, which must write every element.
  public init(_ shape: [Int], fillingWith fill: (UnsafeMutablePointer<Float>) throws -> Void) rethrows {
    self.init(uninitialized: shape)
    try fill(storage.pointer)
  }

  /// A tensor of the elements at `memory`, without a copy; writing to it copies them first.
  ///
  /// - Parameters:
  ///   - shape: its shape.
  ///   - memory: as many elements as the shape has, which must not change while `owner` lives.
  ///   - owner: kept alive by the tensors that use the memory.
  public init(_ shape: [Int], borrowing memory: UnsafePointer<Float>, owner: any AnyObject & Sendable) {
    precondition(shape.allSatisfy { $0 >= 0 }, "a tensor cannot have the shape \(shape)")
    self.init(
      shape: shape, storage: TensorStorage(borrowing: memory, count: shape.reduce(1, *), owner: owner))
  }

  init(uninitialized shape: [Int]) {
    precondition(shape.allSatisfy { $0 >= 0 }, "a tensor cannot have the shape \(shape)")
    self.shape = shape
    storage = TensorStorage(count: shape.reduce(1, *))
  }

  private init(shape: [Int], storage: TensorStorage) {
    self.shape = shape
    self.storage = storage
  }

  /// The elements in row-major order, as a copy.
  public var values: [Float] {
    withUnsafePointer { [Float](UnsafeBufferPointer(start: $0, count: count)) }
  }

  /// The element at a row-major offset, `0 ..< count`.
  public subscript(offset: Int) -> Float {
    get {
      precondition(offset >= 0 && offset < count, "offset \(offset) lies outside a tensor of \(count) elements")
      return storage.pointer[offset]
    }
    set {
      precondition(offset >= 0 && offset < count, "offset \(offset) lies outside a tensor of \(count) elements")
      withUnsafeMutablePointer { $0[offset] = newValue }
    }
  }

  /// A deep copy.
  public func copied() -> Tensor {
    Tensor(shape) { target in withUnsafePointer { target.update(from: $0, count: count) } }
  }

  /// The same elements under another shape, without a copy.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(
      shape.reduce(1, *) == count, "a tensor of shape \(self.shape) cannot be read as \(shape): the counts differ")
    return Tensor(shape: shape, storage: storage)
  }

  /// For kernels and readers: calls `body` with the address of the first element, valid only during the call.
  public func withUnsafePointer<R>(_ body: (UnsafePointer<Float>) throws -> R) rethrows -> R {
    try withExtendedLifetime(storage) { try body(UnsafePointer(storage.pointer)) }
  }

  /// For kernels and readers: like `withUnsafePointer`, for writing. Shared or borrowed storage is copied first.
  public mutating func withUnsafeMutablePointer<R>(
    _ body: (UnsafeMutablePointer<Float>) throws -> R
  ) rethrows -> R {
    if !isKnownUniquelyReferenced(&storage) || !storage.isWritable {
      let copy = TensorStorage(count: count)
      copy.pointer.update(from: storage.pointer, count: count)
      storage = copy
    }
    // It is no longer the output of a recorded operation.
    storage.recordedAs = 0
    return try withExtendedLifetime(storage) { try body(storage.pointer) }
  }
}
