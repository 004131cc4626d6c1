import Synchronization
import TensorCore
import Testing

struct ThreadPoolTests {
  @Test(arguments: [0, 1, 2, 3, 1000])
  func callsEveryItemOnce(count: Int) {
    let calls = Mutex([Int](repeating: 0, count: count))
    ThreadPool.shared.forEach(count) { i in calls.withLock { $0[i] += 1 } }
    #expect(calls.withLock { $0 } == [Int](repeating: 1, count: count))
  }

  /// Many short operations in a row, so that workers enter while the caller closes. A late worker would add to the sum
  /// after its operation has returned.
  @Test func manyShortOperations() {
    for round in 0..<20_000 {
      let sum = Atomic<Int>(0)
      ThreadPool.shared.forEach(3) { sum.wrappingAdd($0 + 1, ordering: .relaxed) }
      #expect(sum.load(ordering: .relaxed) == 6, "round \(round)")
    }
  }

  @Test func nestedOperations() {
    let sum = Atomic<Int>(0)
    ThreadPool.shared.forEach(10) { i in
      ThreadPool.shared.forEach(10) { sum.wrappingAdd(i * 10 + $0, ordering: .relaxed) }
    }
    #expect(sum.load(ordering: .relaxed) == 4950)
  }

  @Test func fromSeveralThreads() async {
    let total = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let sum = Atomic<Int>(0)
          for _ in 0..<100 { ThreadPool.shared.forEach(20) { sum.wrappingAdd($0, ordering: .relaxed) } }
          return sum.load(ordering: .relaxed)
        }
      }
      return await group.reduce(0, +)
    }
    #expect(total == 8 * 100 * 190)
  }
}
