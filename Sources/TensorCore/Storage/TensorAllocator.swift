import DiffusionPlatform
import Synchronization

/// Memory for one tensor.
struct MemoryBlock: @unchecked Sendable {
  let address: UnsafeMutableRawPointer
  fileprivate let bytes: Int
  /// The start of the region it is cut from; nil if it comes from `malloc`.
  fileprivate let region: UnsafeMutableRawPointer?

  /// Smaller blocks are left to `malloc`, which is as fast for them.
  private static let smallest = 16 << 10
  private static let regions = Mutex(TensorAllocator())

  static func take(bytes: Int) -> MemoryBlock {
    guard bytes >= smallest else {
      return MemoryBlock(address: .allocate(byteCount: bytes, alignment: 64), bytes: bytes, region: nil)
    }
    return regions.withLock { $0.take(bytes: bytes) }
  }

  func release() {
    if region == nil { address.deallocate() } else { Self.regions.withLock { $0.release(self) } }
  }

  /// Frees the memory that no block is using.
  static func releaseFree() { regions.withLock { $0.releaseFree() } }
}

/// Keeps the memory of released tensors for later ones: otherwise large blocks would go back to the system and be paged
/// in again by every operation.
///
/// Blocks are cut from large regions, and a released block is merged with the free memory around it, so that tensors of
/// one size can replace tensors of another. Free lists by size would make a training step hold more than it ever uses
/// at once: weight gradients are allocated as activations are released, and are gone before the next activations come.
private struct TensorAllocator {
  /// A maximal run of free bytes within its region.
  private struct Free {
    var address: UnsafeMutableRawPointer
    var bytes: Int
    let region: UnsafeMutableRawPointer

    var end: UnsafeMutableRawPointer { address + bytes }
  }

  /// Sorted by address.
  private var free: [Free] = []
  private var bytesByRegion: [UnsafeMutableRawPointer: Int] = [:]

  /// Blocks begin and end on page boundaries.
  private static let step = 4096
  /// Regions consist of huge pages if the system supports them.
  private static let huge = 2 << 20
  /// The minimum size of a region. From this size on, `malloc` too maps and unmaps memory with each call. The untouched
  /// part of a region costs no physical memory.
  private static let smallest = 32 << 20

  mutating func take(bytes: Int) -> MemoryBlock {
    let bytes = (bytes + Self.step - 1) / Self.step * Self.step
    let place = tightest(bytes) ?? addRegion(bytes)
    let found = free[place]
    if found.bytes == bytes {
      free.remove(at: place)
    } else {
      free[place].address += bytes
      free[place].bytes -= bytes
    }
    return MemoryBlock(address: found.address, bytes: bytes, region: found.region)
  }

  mutating func release(_ block: MemoryBlock) {
    guard let region = block.region else { return }
    let place = firstFree(behind: block.address)
    let joinsNext =
      place < free.count && free[place].region == region && free[place].address == block.address + block.bytes
    let joinsLast = place > 0 && free[place - 1].region == region && free[place - 1].end == block.address
    switch (joinsLast, joinsNext) {
    case (false, false): free.insert(Free(address: block.address, bytes: block.bytes, region: region), at: place)
    case (true, false): free[place - 1].bytes += block.bytes
    case (false, true):
      free[place].address = block.address
      free[place].bytes += block.bytes
    case (true, true):
      free[place - 1].bytes += block.bytes + free[place].bytes
      free.remove(at: place)
    }
  }

  /// Returns regions without blocks to the system, and the free pages of the others.
  mutating func releaseFree() {
    let isUnused = { [bytesByRegion] (run: Free) in run.bytes == bytesByRegion[run.region] }
    for run in free {
      if isUnused(run) { run.address.deallocate() } else { Self.releasePages(of: run) }
    }
    for run in free where isUnused(run) { bytesByRegion[run.region] = nil }
    free = free.filter { bytesByRegion[$0.region] != nil }
  }

  /// The smallest free run that fits `bytes`, so that large runs stay whole.
  private func tightest(_ bytes: Int) -> Int? {
    var best: Int?
    for (i, run) in free.enumerated() where run.bytes >= bytes {
      if run.bytes == bytes { return i }
      if best.map({ run.bytes < free[$0].bytes }) ?? true { best = i }
    }
    return best
  }

  private func firstFree(behind address: UnsafeMutableRawPointer) -> Int {
    var (low, high) = (0, free.count)
    while low < high {
      let middle = (low + high) / 2
      if free[middle].address < address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func addRegion(_ bytes: Int) -> Int {
    let total = bytesByRegion.values.reduce(0, +)
    func whole(_ bytes: Int) -> Int { (bytes + Self.huge - 1) / Self.huge * Self.huge }
    var size = whole(max(bytes, Self.smallest, total / 4))
    var memory: UnsafeMutableRawPointer?
    if posix_memalign(&memory, Self.huge, size) != 0 {
      // There may be enough for this block alone; if not, the program ends.
      size = whole(bytes)
      memory = nil
    }
    let address = memory ?? .allocate(byteCount: size, alignment: Self.huge)
    #if os(Linux)
      // Only a hint: if it is refused, small pages do.
      madvise(address, size, MADV_HUGEPAGE)
    #endif
    bytesByRegion[address] = size
    let place = firstFree(behind: address)
    free.insert(Free(address: address, bytes: size, region: address), at: place)
    return place
  }

  private static func releasePages(of run: Free) {
    #if os(Linux)
      let page = sysconf(Int32(_SC_PAGESIZE))
      let first = (Int(bitPattern: run.address) + page - 1) / page * page
      let end = Int(bitPattern: run.end) / page * page
      if first < end { madvise(UnsafeMutableRawPointer(bitPattern: first), end - first, MADV_DONTNEED) }
    #endif
  }
}

extension Tensor {
  /// Returns the memory kept for future tensors to the system, between two uses of the library or before work on
  /// tensors of other sizes.
  public static func releaseMemory() { MemoryBlock.releaseFree() }
}
