import Synchronization
import TensorCore
import Testing

struct ParameterTests {
  @Test func isReadOnDemand() {
    let reads = Mutex(0)
    let parameter = Parameter([2]) {
      reads.withLock { $0 += 1 }
      return Tensor([2], [1, 2])
    }
    #expect(parameter.shape == [2])
    #expect(reads.withLock { $0 } == 0)
    #expect(parameter.tensor().values == [1, 2])
    #expect(reads.withLock { $0 } == 1)
    #expect(Parameter(Tensor([1], [3])).tensor().values == [3])
  }

  /// The value is computed once, and the closure that computes it is released.
  @Test func lazyValuesAreMadeOnce() {
    final class Source: Sendable {
      let made = Mutex(0)
    }
    var source: Source? = Source()
    weak let weakSource = source
    let lazy = Lazy { [source] in
      source?.made.withLock {
        $0 += 1
        return $0
      }
    }
    source = nil
    #expect(weakSource != nil)
    #expect(lazy.value == 1)
    #expect(lazy.value == 1)
    #expect(weakSource == nil)
  }
}
