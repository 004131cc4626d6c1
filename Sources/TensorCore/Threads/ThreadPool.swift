import CDiffusionProcessor
import DiffusionPlatform
import Synchronization

/// Threads that divide the items of one operation after another among themselves.
///
/// The caller works too. After an operation, workers spin for a short while and then sleep, so that a busy sampler pays
/// less than a microsecond per operation and an idle one costs nothing.
///
/// Each thread begins with its own run of consecutive items, so that an operation finds in a core's cache what the
/// previous one left there; threads that finish early help the others. Which thread computes an item is therefore up to
/// chance: operations must make items independent of each other, and then results do not depend on the number of
/// threads.
public final class ThreadPool: @unchecked Sendable {
  /// The pool that all operations use. It starts with one thread per physical core.
  public static let shared = ThreadPool(threads: ThreadPool.physicalCores)

  /// How long a worker spins before it sleeps: longer than the gaps between the operations of a forward pass, and far
  /// shorter than a scheduler's time slice, so that other processes get the core.
  private static let spinNanoseconds: UInt64 = 50_000

  // At most one operation is open at a time. A worker enters, and only then checks whether an operation is open; the
  // caller closes it, and only then waits until no worker is inside. With sequentially consistent atomics one of the
  // two sees the other, so `body` is never called after `forEach` has returned.
  private let isOpen = Atomic<Bool>(false)
  private let inside = Atomic<Int>(0)
  /// The number of items not yet taken.
  private let left = Atomic<Int>(0)
  /// The next item of each thread's run, `nextStride` apart so that no two are on one cache line.
  private var next = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 0)
  private var nextCapacity = 0
  private static let nextStride = 16
  private let itemCount = Atomic<Int>(0)
  /// Workers with lower numbers take part in the open operation; the caller is number 0.
  private let limit = Atomic<Int>(0)
  private var body: ((_ item: Int, _ thread: Int) -> Void)?

  private let sleepers = Atomic<Int>(0)
  private let wanted = Atomic<Int>(0)
  private let caller = Mutex<Void>(())
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var started = 0

  private init(threads: Int) {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    wanted.store(threads, ordering: .sequentiallyConsistent)
  }

  /// The number of threads that share the work, including the caller's; at least 1.
  public var threads: Int {
    get { wanted.load(ordering: .relaxed) }
    set {
      precondition(newValue >= 1, "a pool of \(newValue) threads cannot work")
      wanted.store(newValue, ordering: .sequentiallyConsistent)
    }
  }

  /// Calls `body(0)`, …, `body(count - 1)` once each, in any order and on any of the threads; returns when all are
  /// done.
  ///
  /// If the pool is busy (in a call from `body` or from another thread), the caller processes all items itself.
  public func forEach(_ count: Int, _ body: (Int) -> Void) {
    run(count, threads: threads) { item, _ in body(item) }
  }

  /// The results of `body(0)`, …, `body(count - 1)`, in this order, computed as by `forEach(_:_:)`.
  public func map<Result: Sendable>(_ count: Int, _ body: (Int) -> Result) -> [Result] {
    [Result](unsafeUninitializedCapacity: count) { results, initialized in
      let base = results.baseAddress
      forEach(count) { i in
        if let base { (base + i).initialize(to: body(i)) }
      }
      initialized = count
    }
  }

  /// Like `forEach(_:_:)`, with `scratch` floats of memory that each call of `body` has to itself.
  public func forEach(_ count: Int, scratch: Int, _ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
    let threads = min(threads, max(count, 1))
    // Whole pages, so that threads do not write to neighbouring cache lines.
    let stride = (scratch + 1023) / 1024 * 1024
    var room = Tensor(uninitialized: [threads, stride])
    room.withUnsafeMutablePointer { room in
      run(count, threads: threads) { item, thread in body(item, room + thread * stride) }
    }
  }

  private func run(_ count: Int, threads: Int, _ body: (_ item: Int, _ thread: Int) -> Void) {
    let shared =
      count > 1 && threads > 1
      && caller.withLockIfAvailable { _ in
        withoutActuallyEscaping(body) { distribute(count, threads: threads, $0) }
      } != nil
    if !shared {
      for item in 0..<count { body(item, 0) }
    }
  }

  private func distribute(_ count: Int, threads: Int, _ body: @escaping (_ item: Int, _ thread: Int) -> Void) {
    startWorkers(threads - 1)
    self.body = body
    limit.store(threads, ordering: .relaxed)
    itemCount.store(count, ordering: .relaxed)
    startRuns(count, threads: threads)
    left.store(count, ordering: .relaxed)
    isOpen.store(true, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      pthread_mutex_lock(mutex)
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    takeItems(as: 0)
    isOpen.store(false, ordering: .sequentiallyConsistent)
    var spins = 0
    while inside.load(ordering: .sequentiallyConsistent) != 0 {
      spins += 1
      // A worker that was preempted in the middle of an item needs this core more than we do.
      if spins < 10_000 { cpu_relax() } else { sched_yield() }
    }
    self.body = nil
  }

  private func takeItems(as thread: Int) {
    guard let body else { return }
    let (count, threads) = (itemCount.load(ordering: .relaxed), limit.load(ordering: .relaxed))
    for i in 0..<threads {
      let owner = (thread + i) % threads
      let end = (owner + 1) * count / threads
      while true {
        let item = next[owner * Self.nextStride].wrappingAdd(1, ordering: .relaxed).oldValue
        if item >= end { break }
        left.wrappingSubtract(1, ordering: .relaxed)
        body(item, thread)
      }
    }
  }

  /// Assigns the threads their runs. Called while no operation is open.
  private func startRuns(_ count: Int, threads: Int) {
    if nextCapacity < threads {
      // A worker may be about to find that no operation is open, but it reads no counter before it has found one open.
      next.deallocate()
      next = .allocate(capacity: threads * Self.nextStride)
      for i in 0..<threads * Self.nextStride { (next + i).initialize(to: Atomic(0)) }
      nextCapacity = threads
    }
    for i in 0..<threads { next[i * Self.nextStride].store(i * count / threads, ordering: .relaxed) }
  }

  /// Called only while `caller` is locked, which guards `started`.
  private func startWorkers(_ count: Int) {
    while started < count {
      started += 1
      let context = Unmanaged.passRetained(WorkerContext(pool: self, number: started))
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        {
          runWorker($0); return nil
        }, context.toOpaque())
      if status != 0 {
        // The system allows no more threads: the existing ones do the work.
        context.release()
        return
      }
      pthread_detach(thread)
    }
  }

  fileprivate func work(as number: Int) {
    var idleSince: UInt64 = 0
    var spins = 0
    while true {
      if number < limit.load(ordering: .relaxed) && isOpen.load(ordering: .relaxed)
        && left.load(ordering: .relaxed) > 0
      {
        inside.wrappingAdd(1, ordering: .sequentiallyConsistent)
        // By now it may be another operation, for fewer threads.
        if isOpen.load(ordering: .sequentiallyConsistent) && number < limit.load(ordering: .relaxed) {
          takeItems(as: number)
        }
        inside.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        spins = 0
        continue
      }
      cpu_relax()
      spins += 1
      // The clock is read only now and then; a spin takes some tens of nanoseconds.
      if spins % 64 == 1 {
        let now = clock_gettime_nsec()
        if spins == 1 { idleSince = now }
        if now &- idleSince > Self.spinNanoseconds {
          sleep(as: number)
          spins = 0
        }
      }
    }
  }

  private func sleep(as number: Int) {
    pthread_mutex_lock(mutex)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while !(number < limit.load(ordering: .sequentiallyConsistent) && isOpen.load(ordering: .sequentiallyConsistent)) {
      pthread_cond_wait(condition, mutex)
    }
    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }
}

private final class WorkerContext {
  let pool: ThreadPool
  let number: Int

  init(pool: ThreadPool, number: Int) {
    self.pool = pool
    self.number = number
  }
}

private func runWorker(_ argument: UnsafeMutableRawPointer?) {
  guard let argument else { return }
  let context = Unmanaged<WorkerContext>.fromOpaque(argument).takeRetainedValue()
  context.pool.work(as: context.number)
}

private func clock_gettime_nsec() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
