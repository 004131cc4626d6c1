/// The gradient of the weight of a linear layer, or of a convolution computed as a product of gathered pixels: dW[o,
/// tap, i] = Σ_pixels dY[pixel, o] · x[the tap's pixel, i].
///
/// Both sides are packed, some rows at a time, into blocks of 16 channels, and threads divide the pairs of blocks. The
/// sums are the same for any number of threads.
struct PixelwiseWeightGradient {
  private let taps: Int
  private let depth: Int
  private let columns: Int
  private let table = KernelChoice.current
  private let block = 16

  /// Rows packed at a time.
  private static let mostRows = 512

  init(taps: Int, depth: Int, columns: Int) {
    (self.taps, self.depth, self.columns) = (taps, depth, columns)
  }

  /// The channels of all taps.
  private var width: Int { taps * depth }
  private var inBlocks: Int { (width + block - 1) / block }
  private var outBlocks: Int { (columns + block - 1) / block }

  /// Adds to the gradient of `weight`, `[O, I]` or `[O, I, 1…]`, given that of the output, `[…, O]`, for `input`,
  /// `[…, I]`.
  func add(_ gradient: Tensor, input: FusedInput, to weight: Variable) {
    if let plain = input.plain {
      plain.withUnsafePointer { source in
        add(gradient, to: weight) { rows, addresses in
          for r in 0..<rows.count { addresses[r] = source + (rows.lowerBound + r) * depth }
        }
      }
      return
    }
    let input = input.isInBlocks ? input : FusedInput(input.tensor())
    input.withReader { reader in
      add(gradient, to: weight, scratch: depth) { rows, addresses, scratch in
        reader.gather(rows, scratch, into: addresses)
      }
    }
  }

  /// The same for several taps: `gather` writes the addresses that the taps read for rows of the output, as for
  /// `implicitGEMM`.
  func add(
    _ gradient: Tensor, to weight: Variable,
    gather: (_ rows: Range<Int>, _ addresses: UnsafeMutablePointer<UnsafePointer<Float>>) -> Void
  ) {
    add(gradient, to: weight, scratch: 0) { rows, addresses, _ in gather(rows, addresses) }
  }

  private func add(
    _ gradient: Tensor, to weight: Variable, scratch: Int,
    gather: (
      _ rows: Range<Int>, _ addresses: UnsafeMutablePointer<UnsafePointer<Float>>,
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let groups = Tiling(count: gradient.count / columns, most: Self.mostRows)
    let rowStride = groups.height * block
    var left = Tensor(uninitialized: [outBlocks, rowStride])
    var right = Tensor(uninitialized: [inBlocks, rowStride])
    // Directly into the gradient if it consists of whole blocks, otherwise into scratch memory.
    let isDirect = taps == 1 && depth % block == 0 && columns % block == 0
    var sums = isDirect ? Tensor([0], []) : Tensor(uninitialized: [outBlocks * block, inBlocks * block])
    weight.addToGradient { total, accumulates in
      gradient.withUnsafePointer { gradient in
        left.withUnsafeMutablePointer { left in
          right.withUnsafeMutablePointer { right in
            sums.withUnsafeMutablePointer { sums in
              for g in 0..<groups.tiles {
                pack(groups[g], scratch: scratch, gradient, left, right, rowStride, gather)
                multiply(
                  left, right, groups[g].count, rowStride, accumulates: isDirect && accumulates || g > 0,
                  into: isDirect ? total : sums)
              }
              if !isDirect { unpack(sums, accumulates: accumulates, into: total) }
            }
          }
        }
      }
    }
  }

  /// Packs rows of both sides: channel c of row r of a group is at `c / 16 · rowStride + 16r + c % 16`.
  private func pack(
    _ rows: Range<Int>, scratch: Int, _ gradient: UnsafePointer<Float>, _ left: UnsafeMutablePointer<Float>,
    _ right: UnsafeMutablePointer<Float>, _ rowStride: Int,
    _ gather: (
      _ rows: Range<Int>, _ addresses: UnsafeMutablePointer<UnsafePointer<Float>>,
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let items = Tiling(count: rows.count, most: 32)
    ThreadPool.shared.forEach(items.tiles, scratch: items.height * scratch) { item, room in
      let part = items[item]
      let place = part.lowerBound * block
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: (taps + 1) * part.count) { buffer in
        guard let addresses = buffer.baseAddress else { return }
        gather(rows.lowerBound + part.lowerBound..<rows.lowerBound + part.upperBound, addresses, room)
        for tap in 0..<taps {
          pack(addresses + tap * part.count, part.count, channels: depth, from: tap * depth, right + place, rowStride)
        }
        fillUp(from: width, part.count, right + place, rowStride)
        let outputs = addresses + taps * part.count
        for r in 0..<part.count { outputs[r] = gradient + (rows.lowerBound + part.lowerBound + r) * columns }
        pack(outputs, part.count, channels: columns, from: 0, left + place, rowStride)
        fillUp(from: columns, part.count, left + place, rowStride)
      }
    }
  }

  /// Copies `channels` channels of some rows to the packed rows' channels from `first` on.
  private func pack(
    _ rows: UnsafePointer<UnsafePointer<Float>>, _ count: Int, channels: Int, from first: Int,
    _ target: UnsafeMutablePointer<Float>, _ rowStride: Int
  ) {
    var c = 0
    while c < channels {
      let (number, lane) = (first + c).quotientAndRemainder(dividingBy: block)
      let run = min(block - lane, channels - c)
      let out = target + number * rowStride + lane
      if run == block {
        table.packing.packBlock(rows, count, c, out)
      } else {
        for r in 0..<count { (out + r * block).update(from: rows[r] + c, count: run) }
      }
      c += run
    }
  }

  /// Fills the last block with zeros after `channels` channels.
  private func fillUp(from channels: Int, _ count: Int, _ target: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    let (number, lane) = channels.quotientAndRemainder(dividingBy: block)
    guard lane > 0 else { return }
    for r in 0..<count {
      (target + number * rowStride + r * block + lane).update(repeating: 0, count: block - lane)
    }
  }

  private func multiply(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ rows: Int, _ rowStride: Int, accumulates: Bool,
    into sums: UnsafeMutablePointer<Float>
  ) {
    let stride = inBlocks * block
    let outs = Tiling(count: outBlocks, most: 4)
    let ins = Tiling(count: inBlocks, most: 8)
    ThreadPool.shared.forEach(outs.tiles * ins.tiles) { item in
      for o in outs[item / ins.tiles] {
        let blocks = ins[item % ins.tiles]
        // Input blocks in pairs, as long as two are left.
        for i in Swift.stride(from: blocks.lowerBound, to: blocks.upperBound, by: 2) {
          table.gradients.blockProduct(
            left + o * rowStride, .init(right + i * rowStride, second: i + 1 < blocks.upperBound ? rowStride : 0), rows,
            2 * rowStride, accumulates, .init(sums + o * block * stride + i * block, stride: stride, second: block))
        }
      }
    }
  }

  /// Adds sums `[O, taps · I]` to a gradient `[O, I, taps]`.
  private func unpack(_ sums: UnsafePointer<Float>, accumulates: Bool, into total: UnsafeMutablePointer<Float>) {
    ThreadPool.shared.forEach(columns) { o in
      let (source, target) = (sums + o * inBlocks * block, total + o * width)
      for tap in 0..<taps {
        for i in 0..<depth {
          let term = source[tap * depth + i]
          target[i * taps + tap] = accumulates ? target[i * taps + tap] + term : term
        }
      }
    }
  }
}
