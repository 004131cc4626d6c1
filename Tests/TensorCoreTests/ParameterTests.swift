import Synchronization
import TensorCore
import Testing

struct ParameterTests {
  @Test func isReadWhenItIsAskedFor() {
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

  /// Made once, and what it was made of is let go.
  @Test func isPreparedOnce() {
    final class Source: Sendable {
      let made = Mutex(0)
    }
    var source: Source? = Source()
    weak let weakSource = source
    let prepared = Lazy { [source] in
      source?.made.withLock {
        $0 += 1
        return $0
      }
    }
    source = nil
    #expect(weakSource != nil)
    #expect(prepared.value == 1)
    #expect(prepared.value == 1)
    #expect(weakSource == nil)
  }
}
