import Testing

@testable import TensorCore

struct TensorAllocatorTests {
  /// Blocks of all sizes, allocated and released in random order, never overlap.
  @Test func blocksDoNotOverlap() {
    var random = SystemRandomNumberGenerator()
    var blocks: [(block: MemoryBlock, words: Int, mark: Int)] = []
    for mark in 0..<2000 {
      if blocks.count > 40 || (!blocks.isEmpty && Bool.random(using: &random)) {
        let (block, words, mark) = blocks.remove(at: Int.random(in: 0..<blocks.count, using: &random))
        let place = block.address.assumingMemoryBound(to: Int.self)
        #expect(place[0] == mark && place[words - 1] == mark)
        block.release()
        if mark % 100 == 0 { Tensor.releaseMemory() }
      } else {
        let words = Int.random(in: 1...(1 << Int.random(in: 1...19, using: &random)), using: &random)
        let block = MemoryBlock.take(bytes: words * 8)
        #expect(Int(bitPattern: block.address) % (words * 8 < 16 << 10 ? 64 : 4096) == 0)
        let place = block.address.bindMemory(to: Int.self, capacity: words)
        place[0] = mark
        place[words - 1] = mark
        blocks.append((block, words, mark))
      }
    }
    for (block, words, mark) in blocks {
      #expect(block.address.assumingMemoryBound(to: Int.self)[words - 1] == mark)
      block.release()
    }
  }
}
