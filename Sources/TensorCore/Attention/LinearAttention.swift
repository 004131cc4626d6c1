import KernelTable

/// Linear attention over positions (Shen et al. 2021, "Efficient Attention"): each head's queries are a softmax over
/// its d channels, its keys one over the positions, and softmax(q)·(softmax(k)ᵀ·v)·s takes time in proportion to the
/// positions. A linear layer of the heads' outputs follows.
public struct LinearAttention: Sendable {
  /// The heads.
  public let heads: Int
  /// d, the channels of each.
  public let depth: Int
  private let outChannels: Int
  private let projection: Lazy<(weight: Tensor, bias: Tensor)>
  private let memory: Lazy<Tensor?>
  /// Positions whose keys are weighted at a time: the unit of work of a thread, which no result depends on.
  private static let strip = 256

  /// - Parameters:
  ///   - heads: the heads; divides the columns of `weight`.
  ///   - weight: the linear layer's, `[O, heads · d, …]`.
  ///   - bias: its bias, `[O]`.
  ///   - memory: keys, then values of further positions, `[M, 2 · heads · d]`; nil for none.
  public init(heads: Int, weight: Parameter, bias: Parameter, memory: Parameter? = nil) {
    let (outChannels, width) = (weight.shape[0], weight.shape[1])
    precondition(
      heads > 0 && width % heads == 0 && weight.shape.dropFirst(2).allSatisfy { $0 == 1 }
        && memory.map { $0.shape.count == 2 && $0.shape[1] == 2 * width } ?? true,
      "\(heads) heads cannot have a projection of \(weight.shape) and a memory of \(memory?.shape ?? [])")
    (self.heads, self.outChannels, depth) = (heads, outChannels, width / heads)
    projection = Lazy(of: weight, bias) { (weight.tensor().reshaped([outChannels, width]), bias.tensor()) }
    self.memory = Lazy(of: memory ?? bias) { memory?.tensor() }
  }

  /// - Parameters:
  ///   - qkv: `[N, T, 3 · heads · d]`: the queries of all heads, then the keys, then the values.
  ///   - scale: s.
  /// - Returns: `[N, T, O]`.
  public func callAsFunction(_ qkv: Tensor, scale: Float) -> Tensor {
    let width = heads * depth
    precondition(
      qkv.shape.count == 3 && qkv.shape[2] == 3 * width, "\(heads) heads of \(depth) cannot take \(qkv.shape)")
    let (batch, length) = (qkv.shape[0], qkv.shape[1])
    return LayerProfile.measure(
      { "linear attention, \(heads) × \(depth), \(length) positions" },
      operations: 2 * batch * length * width * (depth + outChannels)
    ) {
      let queries = queries(qkv)
      let maps = maps(context(qkv), scale: scale)
      return Tensor([batch, length, outChannels]) { out in
        queries.withUnsafePointer { queries in
          for n in 0..<batch {
            let map = PackedWeights(
              weight: maps.rows(n..<n + 1).reshaped([outChannels, width]), bias: projection.value.bias)
            implicitGEMM(
              rowCount: length, weights: map, out: out + n * length * outChannels, outStride: outChannels
            ) { rows, addresses, _ in
              for r in 0..<rows.count { addresses[r] = queries + (n * length + rows.lowerBound + r) * width }
            }
          }
        }
      }
    }
  }

  /// The softmax of each query over its channels, `[N, T, heads · d]`.
  private func queries(_ qkv: Tensor) -> Tensor {
    let (positions, width) = (qkv.shape[0] * qkv.shape[1], heads * depth)
    let strips = (positions + Self.strip - 1) / Self.strip
    let kernel = KernelChoice.current.rows.softmaxGroups
    return qkv.withUnsafePointer { source in
      Tensor([qkv.shape[0], qkv.shape[1], width]) { out in
        ThreadPool.shared.forEach(strips) { strip in
          let first = strip * Self.strip
          kernel(
            .init(source + first * 3 * width, stride: 3 * width), min(Self.strip, positions - first), heads, depth,
            out + first * width)
        }
      }
    }
  }

  /// d rounded up to a multiple of 16, the stride of rows in sums.
  private var rowStride: Int { (depth + 15) / 16 * 16 }

  /// For each picture and head the sum of products of values and weighted keys, and in a last row that of the keys'
  /// weights: `[N, heads, d + 1, rowStride]`.
  private func context(_ qkv: Tensor) -> Tensor {
    let (batch, length, width) = (qkv.shape[0], qkv.shape[1], heads * depth)
    let (rows, table) = (KernelChoice.current.rows, KernelChoice.current)
    let strips = (length + Self.strip - 1) / Self.strip
    let remembered = memory.value
    let (stride, size) = (rowStride, (depth + 1) * rowStride)
    let maxima = maxima(qkv, remembered)
    let scratch = max(Self.strip, remembered?.shape[0] ?? 0) * stride
    return qkv.withUnsafePointer { source in
      maxima.withUnsafePointer { maxima in
        remembered.withUnsafePointerIfAny { kept in
          // A strip for each part of the positions, and one for the memory.
          let parts = Tensor([batch, heads, strips + 1, size]) { out in
            ThreadPool.shared.forEach(batch * heads * (strips + 1), scratch: scratch) { item, scratch in
              let (pair, strip) = item.quotientAndRemainder(dividingBy: strips + 1)
              let (n, head) = pair.quotientAndRemainder(dividingBy: heads)
              let target = out + item * size
              target.update(repeating: 0, count: size)
              let largest = maxima + n * width + head * depth
              if strip < strips {
                let first = strip * Self.strip
                let keys = source + (n * length + first) * 3 * width + width + head * depth
                rows.weighKeys(
                  .init(keys, stride: 3 * width), keys + width, min(Self.strip, length - first), depth, largest,
                  scratch, target)
              } else if let kept, let count = remembered?.shape[0] {
                let keys = kept + head * depth
                rows.weighKeys(
                  .init(keys, stride: 2 * width), keys + width, count, depth, largest, scratch, target)
              }
            }
          }
          return parts.withUnsafePointer { parts in
            Tensor([batch, heads, depth + 1, stride]) { out in
              ThreadPool.shared.forEach(batch * heads) { pair in
                let (first, target) = (parts + pair * (strips + 1) * size, out + pair * size)
                target.update(from: first, count: size)
                for strip in 1...strips { table.add(target, first + strip * size, size, target) }
              }
            }
          }
        }
      }
    }
  }

  /// The largest of each channel of the keys, `[N, heads · d]`.
  private func maxima(_ qkv: Tensor, _ memory: Tensor?) -> Tensor {
    let (batch, length, width) = (qkv.shape[0], qkv.shape[1], heads * depth)
    let strips = (length + Self.strip - 1) / Self.strip
    let kernel = KernelChoice.current.rows.columnMaxima
    return qkv.withUnsafePointer { source in
      let parts = Tensor([batch, strips, width]) { out in
        ThreadPool.shared.forEach(batch * strips) { item in
          let (n, strip) = item.quotientAndRemainder(dividingBy: strips)
          let (first, target) = (strip * Self.strip, out + item * width)
          let keys = source + (n * length + first) * 3 * width + width
          target.update(from: keys, count: width)
          kernel(.init(keys, stride: 3 * width), min(Self.strip, length - first), width, target)
        }
      }
      return parts.withUnsafePointer { parts in
        Tensor([batch, width]) { out in
          for n in 0..<batch {
            let target = out + n * width
            target.update(from: parts + n * strips * width, count: width)
            kernel(.init(parts + n * strips * width, stride: width), strips, width, target)
            memory?.withUnsafePointer { kernel(.init($0, stride: 2 * width), memory?.shape[0] ?? 0, width, target) }
          }
        }
      }
    }
  }

  /// For each picture the linear map from its weighted queries to the output, `[N, O, heads · d]`: the projection of
  /// each head's `context`.
  private func maps(_ context: Tensor, scale: Float) -> Tensor {
    let (batch, width, stride) = (context.shape[0], heads * depth, rowStride)
    let kernel = KernelChoice.current.rows.weightedSum
    var context = context
    context.withUnsafeMutablePointer { context in
      ThreadPool.shared.forEach(batch * heads) { pair in
        let first = context + pair * (depth + 1) * stride
        let sums = first + depth * stride
        for d in 0..<depth { sums[d] = scale / sums[d] }
        for e in 0..<depth {
          for d in 0..<depth { first[e * stride + d] *= sums[d] }
        }
      }
    }
    return context.withUnsafePointer { context in
      projection.value.weight.withUnsafePointer { weight in
        Tensor([batch, outChannels, width]) { out in
          ThreadPool.shared.forEach(batch * heads) { pair in
            let (n, head) = pair.quotientAndRemainder(dividingBy: heads)
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: depth) { addresses in
              guard let address = addresses.baseAddress else { return }
              for e in 0..<depth { address[e] = context + (pair * (depth + 1) + e) * stride }
              for o in 0..<outChannels {
                kernel(
                  address, weight + o * width + head * depth, depth, depth,
                  out + (n * outChannels + o) * width + head * depth)
              }
            }
          }
        }
      }
    }
  }
}
