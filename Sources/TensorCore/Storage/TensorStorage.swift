/// Memory for the elements of a tensor: its own, aligned to a cache line so that vector loads never straddle two, or
/// somebody else's, which is only read.
///
/// Unchecked: `Tensor` writes only to a storage that is writable and that nothing else refers to.
final class TensorStorage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// What a recording calls the tensor (`GradientTape.swift`); 0 where none knows it.
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
