import TensorCore
import TestSupport
import Testing

struct TensorTests {
  @Test func copiesAreIndependent() {
    let a = Tensor([2], [1, 2])
    var b = a
    b[0] = 5
    #expect(a.values == [1, 2])
    #expect(b.values == [5, 2])
  }

  @Test func reshapedSharesValues() {
    #expect(Tensor([2, 3], [1, 2, 3, 4, 5, 6]).reshaped([3, 2]).values == [1, 2, 3, 4, 5, 6])
  }

  @Test func rowsChannelsAndStacks() {
    let x = scrambled([3, 4, 2])
    #expect(x.rows(1..<3).shape == [2, 4, 2])
    #expect(x.rows(1..<3).values == Array(x.values[8...]))
    #expect(x.channels(1..<3).shape == [3, 2, 2])
    #expect(x.channels(1..<3).values == [x.values[2..<6], x.values[10..<14], x.values[18..<22]].flatMap { $0 })
    #expect(Tensor.stacked([x.rows(0..<1), x.rows(1..<3)]).values == x.values)
  }

  @Test func channelsLastAndBack() {
    let x = Tensor([1, 2, 3], [1, 2, 3, 4, 5, 6])
    #expect(x.channelsLast().shape == [1, 3, 2])
    #expect(x.channelsLast().values == [1, 4, 2, 5, 3, 6])
    #expect(x.channelsLast().channelsFirst().values == x.values)
  }

  @Test func joinsChannels() {
    let joined = FusedInput(Tensor([1, 2, 1], [1, 2]), joining: Tensor([1, 2, 2], [3, 4, 5, 6])).tensor()
    #expect(joined.shape == [1, 2, 3])
    #expect(joined.values == [1, 3, 4, 2, 5, 6])
  }
}
