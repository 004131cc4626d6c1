import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory for the elements of a tensor: its own, aligned to a cache line so that vector loads never straddle two, or
/// somebody else's, which is only read.
///
/// Unchecked: `Tensor` writes only to a storage that is writable and that nothing else refers to.
final class TensorStorage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// What a recording calls the tensor (`Recording.swift`); 0 where none knows it.
  var recordedAs = 0
  private let memory: Memory

  private enum Memory {
    case own(MemoryBlock)
    case borrowed(owner: any AnyObject & Sendable)
  }

  init(count: Int) {
    self.count = count
    let block = MemoryBlock.take(bytes: max(count, 1) * MemoryLayout<Float>.stride)
    pointer = block.address.bindMemory(to: Float.self, capacity: max(count, 1))
    memory = .own(block)
  }

  /// The `count` elements at `pointer`, which stay as they are while `owner` lives.
  init(borrowing pointer: UnsafePointer<Float>, count: Int, owner: any AnyObject & Sendable) {
    self.count = count
    self.pointer = UnsafeMutablePointer(mutating: pointer)
    memory = .borrowed(owner: owner)
  }

  /// Whether the elements may be changed in place.
  var isWritable: Bool {
    if case .own = memory { true } else { false }
  }

  deinit {
    if case .own(let block) = memory { block.giveBack() }
  }
}

/// Memory that is kept for the next tensor of its size when a tensor has done with it.
///
/// A forward pass asks for the same sizes in the same order each time, so that from the second one on it takes no memory
/// from the system: large blocks would else be given back and paged in anew at every operation.
struct MemoryBlock: @unchecked Sendable {
  let address: UnsafeMutableRawPointer
  let bytes: Int

  /// Smaller blocks come from and go to `malloc`, which is as quick for them.
  private static let smallest = 16 << 10
  /// From this size on blocks are made of huge pages where the system has them.
  private static let huge = 2 << 20
  private static let kept = Mutex<[Int: [MemoryBlock]]>([:])

  static func take(bytes: Int) -> MemoryBlock {
    guard bytes >= smallest else { return allocate(bytes: bytes, alignment: 64) }
    // Sizes in steps of an eighth, so that nearly equal ones share blocks; what is nearly a huge page becomes one.
    let step = max(4096, 1 << (Int.bitWidth - bytes.leadingZeroBitCount - 4))
    let rounded = bytes > huge / 2 && bytes < huge ? huge : (bytes + step - 1) / step * step
    if let block = kept.withLock({ $0[rounded]?.popLast() }) { return block }
    return allocate(bytes: rounded, alignment: rounded >= huge ? huge : 4096)
  }

  func giveBack() {
    if bytes < Self.smallest { free() } else { Self.kept.withLock { $0[bytes, default: []].append(self) } }
  }

  /// Frees what is kept.
  static func releaseKept() {
    for block in kept.withLock({ kept in
      defer { kept = [:] }
      return kept.values.flatMap { $0 }
    }) {
      block.free()
    }
  }

  private static func allocate(bytes: Int, alignment: Int) -> MemoryBlock {
    let address = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: alignment)
    #if os(Linux)
      // A hint: where it is refused, small pages serve.
      if bytes >= huge { madvise(address, bytes, MADV_HUGEPAGE) }
    #endif
    return MemoryBlock(address: address, bytes: bytes)
  }

  private func free() { address.deallocate() }
}

extension Tensor {
  /// Gives back to the system the memory that is kept for the next tensors: for the time between two uses of a library, or
  /// before work on tensors of other sizes.
  public static func releaseMemory() { MemoryBlock.releaseKept() }
}
