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

  /// What is done with an item. Threads share its address: with a copy for each, they would count copies on a cache
  /// line that all of them write to.
  fileprivate struct Body: ~Copyable {
    let call: (_ item: Int, _ thread: Int) -> Void
  }

  /// A thread's run of an operation's items, on cache lines of its own: a worker waits for an operation by reading its
  /// share alone, and finds there all that it needs.
  ///
  /// `body` and the numbers are written while the share is empty, and read only by a thread that has taken an item,
  /// from then until it reports the item as completed, which the caller waits for.
  fileprivate struct Share: ~Copyable {
    /// The items not yet taken, by the thread or by others that have finished theirs.
    let left = Atomic<Int>(0)
    /// The item behind the run.
    var end = 0
    /// The threads that take part.
    var threads = 0
    var body: UnsafePointer<Body>?
    /// The items that the thread, if it is a worker, has ever completed. Written by the thread itself, and on another
    /// line than what it waits for.
    private let gap = InlineArray<12, Int>(repeating: 0)
    let completed = Atomic<Int>(0)
    private let rest = InlineArray<15, Int>(repeating: 0)

    /// The next item of the run, if there is one left. Not a method, which might read the end before it has an item.
    static func take(_ share: UnsafeMutablePointer<Share>) -> Int? {
      var expected = share.pointee.left.load(ordering: .relaxed)
      while expected > 0 {
        let (taken, now) = share.pointee.left.weakCompareExchange(
          expected: expected, desired: expected - 1, ordering: .acquiring)
        if taken { return share.pointee.end - expected }
        expected = now
      }
      return nil
    }
  }

  /// The share of each thread; that of the caller comes first.
  private var shares: [UnsafeMutablePointer<Share>] = []
  private static let shareAlignment = 128

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
        withoutActuallyEscaping(body) { (call: @escaping (Int, Int) -> Void) -> Void in
          let body = Body(call: call)
          withUnsafePointer(to: body) { (pointer: UnsafePointer<Body>) -> Void in
            distribute(count, threads: threads, pointer)
          }
        }
      } != nil
    if !shared {
      for item in 0..<count { body(item, 0) }
    }
  }

  private func distribute(_ count: Int, threads: Int, _ body: UnsafePointer<Body>) {
    prepareShares(threads)
    startWorkers(threads - 1)
    let workers = 1..<threads
    let before = workers.reduce(0) { $0 &+ shares[$1].pointee.completed.load(ordering: .relaxed) }
    for thread in 0..<threads {
      let share = shares[thread]
      share.pointee.end = (thread + 1) * count / threads
      share.pointee.threads = threads
      share.pointee.body = body
      share.pointee.left.store(share.pointee.end - thread * count / threads, ordering: .releasing)
    }
    // A worker announces that it sleeps, and only then looks at its share once more.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      pthread_mutex_lock(mutex)
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    let theirs = count - takeItems(shares[0], as: 0) - takeOthers(of: threads, as: 0)
    var spins = 0
    while workers.reduce(0, { $0 &+ shares[$1].pointee.completed.load(ordering: .acquiring) }) &- before != theirs {
      spins += 1
      // A worker that was preempted in the middle of an item needs this core more than we do.
      if spins < 10_000 { cpu_relax() } else { sched_yield() }
    }
  }

  /// Processes the items of a share that are left; returns how many. Not inlined: when a worker reports them as
  /// completed, it holds on to the operation's body no more.
  @inline(never)
  private func takeItems(_ share: UnsafeMutablePointer<Share>, as thread: Int) -> Int {
    guard let first = Share.take(share), let body = share.pointee.body else { return 0 }
    body.pointee.call(first, thread)
    var taken = 1
    while let item = Share.take(share) {
      body.pointee.call(item, thread)
      taken += 1
    }
    return taken
  }

  /// Processes items that other threads have not taken yet; returns how many.
  private func takeOthers(of threads: Int, as thread: Int) -> Int {
    var taken = 0
    for i in 1..<threads { taken += takeItems(shares[(thread + i) % threads], as: thread) }
    return taken
  }

  /// Called while no operation is open.
  private func prepareShares(_ threads: Int) {
    while shares.count < threads {
      let share = UnsafeMutableRawPointer.allocate(
        byteCount: MemoryLayout<Share>.stride, alignment: Self.shareAlignment
      ).bindMemory(to: Share.self, capacity: 1)
      share.initialize(to: Share())
      shares.append(share)
    }
  }

  /// Called only while `caller` is locked, which guards `started`.
  private func startWorkers(_ count: Int) {
    while started < count {
      started += 1
      let context = Unmanaged.passRetained(WorkerContext(pool: self, number: started, share: shares[started]))
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

  fileprivate func work(_ context: WorkerContext) {
    let share = context.share
    var idleSince: UInt64 = 0
    var spins = 0
    while true {
      if share.pointee.left.load(ordering: .relaxed) > 0 {
        var taken = takeItems(share, as: context.number)
        // Unless the worker has taken an item that it has not reported yet, the operation may end at any time.
        if taken > 0 {
          taken += takeOthers(of: share.pointee.threads, as: context.number)
          // No other thread writes it.
          let before = share.pointee.completed.load(ordering: .relaxed)
          share.pointee.completed.store(before &+ taken, ordering: .releasing)
        }
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
          sleep(until: share)
          spins = 0
        }
      }
    }
  }

  private func sleep(until share: UnsafeMutablePointer<Share>) {
    pthread_mutex_lock(mutex)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while share.pointee.left.load(ordering: .sequentiallyConsistent) == 0 { pthread_cond_wait(condition, mutex) }
    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }
}

private final class WorkerContext {
  let pool: ThreadPool
  let number: Int
  let share: UnsafeMutablePointer<ThreadPool.Share>

  init(pool: ThreadPool, number: Int, share: UnsafeMutablePointer<ThreadPool.Share>) {
    self.pool = pool
    self.number = number
    self.share = share
  }
}

private func runWorker(_ argument: UnsafeMutableRawPointer?) {
  guard let argument else { return }
  let context = Unmanaged<WorkerContext>.fromOpaque(argument).takeRetainedValue()
  context.pool.work(context)
}

private func clock_gettime_nsec() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
