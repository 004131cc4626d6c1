import TensorCore
import TestSupport
import Testing

struct AttentionTests {
  /// The numbers of heads, which the file does not state, were found by trying: only these reproduce it.
  @Test(arguments: tableNames, [(name: "a", heads: 4), (name: "b", heads: 1), (name: "c", heads: 2)])
  func agreesWithPyTorch(table: String, _ c: (name: String, heads: Int)) throws {
    let ops = try Fixture("ops")
    let qkv = ops.tensor("attention.legacy.\(c.name).qkv")
    let found = withTable(table) { attention(qkv.channelsLast(), heads: c.heads).channelsFirst() }
    expectClose(found, ops.tensor("attention.legacy.\(c.name).out"), tolerance: 1e-5, c.name)
  }

  /// The newer order: all queries, all keys, all values. The same input as for the older order, with as many heads.
  @Test(arguments: tableNames, [(name: "a", heads: 4), (name: "b", heads: 1), (name: "c", heads: 2)])
  func newerOrderAgreesWithPyTorch(table: String, _ c: (name: String, heads: Int)) throws {
    let ops = try Fixture("ops")
    let qkv = ops.tensor("attention.legacy.\(c.name).qkv")
    let found = withTable(table) {
      attention(qkv.channelsLast(), heads: c.heads, order: .byPart).channelsFirst()
    }
    expectClose(found, ops.tensor("attention.new.\(c.name).out"), tolerance: 1e-5, c.name)
  }

  @Test(arguments: tableNames, [[1, 1, 1, 8], [2, 4, 49, 16], [1, 2, 100, 5], [3, 1, 17, 64], [1, 3, 14, 33]])
  func agreesWithDefinition(table: String, size: [Int]) {
    let (batch, heads, length, depth) = (size[0], size[1], size[2], size[3])
    let qkv = scrambled([batch, heads * 3 * depth, length]).map { $0 * 3 }
    let found = withTable(table) { attention(qkv.channelsLast(), heads: heads).channelsFirst() }
    expectClose(found, plainAttention(qkv, heads: heads), tolerance: 1e-5, "\(size)")
  }
}
