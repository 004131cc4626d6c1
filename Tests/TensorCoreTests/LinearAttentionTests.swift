import Foundation
import TensorCore
import TestSupport
import Testing

struct LinearAttentionTests {
  /// softmax over d of q, over positions of k and of the memory's keys, all of it in loops: `qkv` `[N, T, 3 · h · d]`.
  private func plain(
    _ qkv: Tensor, heads: Int, weight: Tensor, bias: Tensor, memory: Tensor?, scale: Double
  ) -> Tensor {
    let (batch, length, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3)
    let (depth, out, kept) = (width / heads, weight.shape[0], memory?.shape[0] ?? 0)
    var result = Tensor(zeros: [batch, length, out])
    for n in 0..<batch {
      var mixed = [Double](repeating: 0, count: length * width)
      for head in 0..<heads {
        func part(_ which: Int, _ t: Int, _ d: Int) -> Double {
          if let memory, t < kept { return Double(memory[(t * 2 + which - 1) * width + head * depth + d]) }
          return Double(qkv[((n * length + t - kept) * 3 + which) * width + head * depth + d])
        }
        let sums = (0..<depth).map { d in (0..<kept + length).reduce(0.0) { $0 + exp(part(1, $1, d)) } }
        for t in 0..<length {
          let weights = (0..<depth).map { exp(part(0, kept + t, $0)) }
          let sum = weights.reduce(0, +)
          for e in 0..<depth {
            mixed[t * width + head * depth + e] = (0..<depth).reduce(0.0) { total, d in
              let context = (0..<kept + length).reduce(0.0) { $0 + exp(part(1, $1, d)) / sums[d] * part(2, $1, e) }
              return total + weights[d] / sum * scale * context
            }
          }
        }
      }
      for t in 0..<length {
        for o in 0..<out {
          var value = Double(bias[o])
          for i in 0..<width { value += Double(weight[o * width + i]) * mixed[t * width + i] }
          result[(n * length + t) * out + o] = Float(value)
        }
      }
    }
    return result
  }

  /// Heads, channels of each, positions, and those of the memory.
  @Test(arguments: tableNames, [[2, 8, 9, 4], [1, 5, 7, 0], [3, 16, 1, 2], [1, 4, 270, 3], [2, 20, 6, 0]])
  func agreesWithDefinition(table: String, size: [Int]) {
    let (heads, depth, length, kept) = (size[0], size[1], size[2], size[3])
    let width = heads * depth
    let qkv = scrambled([2, length, 3 * width]).map { 3 * $0 }
    let (weight, bias) = (scrambled([11, width, 1, 1], seed: 2), scrambled([11], seed: 3))
    let memory = kept > 0 ? scrambled([kept, 2 * width], seed: 4) : nil
    withTable(table) {
      let layer = LinearAttention(
        heads: heads, weight: Parameter(weight), bias: Parameter(bias), memory: memory.map { Parameter($0) })
      let found = layer(qkv, scale: 0.5)
      expectClose(
        found, plain(qkv, heads: heads, weight: weight, bias: bias, memory: memory, scale: 0.5), tolerance: 1e-5,
        "\(size)")
      #expect(layer(qkv.rows(1..<2), scale: 0.5).values == found.rows(1..<2).values)
    }
  }

  /// Queries see a memory as if it were further positions, whose own results are left out.
  @Test(arguments: tableNames, [[2, 8, 9, 4], [1, 5, 33, 1], [4, 32, 16, 3]])
  func attentionWithMemoryIsThatOfMorePositions(table: String, size: [Int]) {
    let (heads, length, kept) = (size[0], size[2], size[3])
    let width = heads * size[1]
    let (qkv, memory) = (scrambled([2, length, 3 * width]), scrambled([kept, 2 * width], seed: 2))
    let rows = memory.reshaped([kept, 2 * width])
    let joined = Tensor.stacked(
      (0..<2).map { n in
        let queries = Tensor([kept, width], [Float](repeating: 0.3, count: kept * width))
        let front = queries.joiningChannels(rows)
        return Tensor.stacked([front, qkv.rows(n..<n + 1).reshaped([length, 3 * width])])
          .reshaped([1, kept + length, 3 * width])
      })
    withTable(table) {
      let all = attention(joined, heads: heads, order: .byPart)
      let expected = Tensor.stacked(
        (0..<2).map { n in
          all.rows(n..<n + 1).reshaped([kept + length, width]).rows(kept..<kept + length)
            .reshaped([1, length, width])
        })
      expectClose(attention(qkv, heads: heads, memory: memory), expected, tolerance: 1e-6, "\(size)")
    }
  }

  /// By hand: 3 and 4 over two positions have the norm 5.
  @Test func normsOverPositions() {
    let x = Tensor([1, 2, 3], [3, 6, 1, 4, 8, 2])
    expectClose(
      x.normalizedOverPositions(channels: 2, scaling: 1, by: 10), Tensor([1, 2, 3], [6, 0.6, 1, 8, 0.8, 2]),
      tolerance: 1e-6)
  }
}
