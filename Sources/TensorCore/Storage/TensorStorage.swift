/// The memory of a tensor's elements: either owned, and aligned so that vector loads never straddle two cache lines, or
/// borrowed and read-only.
///
/// Unchecked: `Tensor` writes only to storage that is writable and uniquely referenced.
final class TensorStorage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// The tensor's name on gradient tapes (`GradientTape.swift`); 0 if no tape knows it.
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

  /// The `count` elements at `pointer`, which do not change while `owner` lives.
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
    if case .own(let block) = memory { block.release() }
  }
}
