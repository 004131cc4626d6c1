import KernelTable

/// The gradient of the weight of a convolution with kernel 3×3 and stride 1, by the transpose of Winograd's F(m×m, 3×3):
/// dg = Gᵀ[Σ (A·dY·Aᵀ) ⊙ (Bᵀ·d·B)]G, the sum being over all tiles, a matrix product at each point (Lavin & Gray 2016).
///
/// Groups of tiles are transformed to where a second-level cache holds what a thread reads of them; then pairs of blocks of 16
/// output and 16 input channels are shared out, of each of which all points are multiplied and transformed back at once. Groups
/// and pairs depend on the shapes alone, so that sums are the same for any number of threads.
struct WinogradWeightGradient {
  private let inChannels: Int
  private let outChannels: Int
  private let table: KernelTable
  private let forward: KernelTable.Winograd
  private let backward: GradientKernels.Winograd
  private let block = WinogradConvolution.block

  /// Room for the transformed tiles of a group.
  private static let groupBytes = 6 << 20
  /// Floats between the products of one point and the next: more than a block's 256, so that they do not share sets of a cache.
  private static let productStride = 256 + 16

  init(usesSmallTiles: Bool, inChannels: Int, outChannels: Int) {
    table = KernelChoice.current
    (self.inChannels, self.outChannels) = (inChannels, outChannels)
    forward = usesSmallTiles ? table.winogradF2 : table.winogradF4
    backward = usesSmallTiles ? table.gradients.winogradF2 : table.gradients.winogradF4
  }

  private var outBlocks: Int { (outChannels + block - 1) / block }
  private var inBlocks: Int { inChannels / block }

  /// Adds to the gradient of `weight`, `[O, I, 3, 3]`, given that of the output for `input`, whose parts have whole blocks of channels.
  func add(_ gradient: Tensor, input: LayerInput, to weight: Variable) {
    let shape = gradient.shape
    let grid = TileGrid(side: forward.outputSide, batch: shape[0], height: shape[1], width: shape[2])
    let bytes = forward.points * (inChannels + outBlocks * block) * MemoryLayout<Float>.stride
    let groups = Tiling(count: grid.tiles, most: max(32, Self.groupBytes / bytes))
    let pixels = WinogradInput(winograd: forward, depth: inChannels)
    let whole = Tiling(count: groups.height, most: groups.height)
    // A line between points, whose stride would else often be a power of two.
    let layout = WinogradInput.Layout(pixels, whole, gap: block)
    var points = Tensor(uninitialized: [layout.count])
    var slopes = Tensor(uninitialized: [outBlocks * layout.channelStride])
    weight.addToGradient { sum, accumulates in
      input.withReader { reader in
        gradient.withUnsafePointer { gradient in
          points.withUnsafeMutablePointer { points in
            slopes.withUnsafeMutablePointer { slopes in
              for g in 0..<groups.tiles {
                let group = TileGroup(grid: grid, tiles: groups[g], mostRows: groups.height)
                transform(reader, group, pixels, layout, into: points)
                transform(gradient, group, layout, into: slopes)
                multiply(
                  slopes, points, tiles: group.tiles.count, layout, accumulates: accumulates || g > 0, into: sum)
              }
            }
          }
        }
      }
    }
  }

  /// Bᵀ·d·B of a group's tiles.
  private func transform(
    _ reader: LayerInput.Reader, _ group: TileGroup, _ input: WinogradInput, _ layout: WinogradInput.Layout,
    into points: UnsafeMutablePointer<Float>
  ) {
    let strip = WinogradInput.Strip(input, group.grid)
    let strips = group.strips(mostLines: strip.lines)
    let chunks = inChannels / strip.channels
    ThreadPool.shared.forEach(strips.count * chunks, scratch: strip.count) { item, scratch in
      let (lines, chunk) = item.quotientAndRemainder(dividingBy: chunks)
      input.transform(
        reader, group, strips[lines], chunk * strip.channels, strip, scratch, into: points, layout)
    }
  }

  /// A·dY·Aᵀ of a group's tiles.
  private func transform(
    _ gradient: UnsafePointer<Float>, _ group: TileGroup, _ layout: WinogradInput.Layout,
    into slopes: UnsafeMutablePointer<Float>
  ) {
    let (side, width) = (forward.outputSide, outBlocks * block)
    let perItem = max(1, 4096 / width)
    let count = group.tiles.count
    ThreadPool.shared.forEach((count + perItem - 1) / perItem, scratch: side * side * width) { item, scratch in
      for tile in item * perItem..<min((item + 1) * perItem, count) {
        let pixels = group.pixels(ofTile: tile)
        var source = gradient + pixels.first * outChannels
        var (rowStride, pixelStride) = (pixels.lineStride * outChannels, outChannels)
        if pixels.rows < side || pixels.columns < side || width != outChannels {
          // Zeros beyond the picture and the channels.
          scratch.update(repeating: 0, count: side * side * width)
          for y in 0..<pixels.rows {
            for x in 0..<pixels.columns {
              (scratch + (y * side + x) * width).update(
                from: source + y * rowStride + x * pixelStride, count: outChannels)
            }
          }
          (source, rowStride, pixelStride) = (UnsafePointer(scratch), side * width, width)
        }
        backward.output(
          source, rowStride, pixelStride, width, slopes + tile * block, layout.pointStride, layout.channelStride)
      }
    }
  }

  /// Multiplies at every point and transforms the sums back.
  private func multiply(
    _ slopes: UnsafePointer<Float>, _ points: UnsafePointer<Float>, tiles: Int, _ layout: WinogradInput.Layout,
    accumulates: Bool, into sum: UnsafeMutablePointer<Float>
  ) {
    // Items of some blocks of each, so that what an item reads is used several times.
    let outs = Tiling(count: outBlocks, most: 2)
    let ins = Tiling(count: inBlocks, most: 4)
    let room = forward.points * Self.productStride
    ThreadPool.shared.forEach(outs.tiles * ins.tiles, scratch: room + 9 * block * block) { item, scratch in
      let taps = scratch + room
      for i in ins[item % ins.tiles] {
        for o in outs[item / ins.tiles] {
          for p in 0..<forward.points {
            table.gradients.blockProduct(
              slopes + o * layout.channelStride + p * layout.pointStride,
              points + i * layout.channelStride + p * layout.pointStride, tiles, false,
              scratch + p * Self.productStride, block)
          }
          backward.weights(scratch, Self.productStride, taps)
          for r in 0..<min(block, outChannels - o * block) {
            let target = sum + ((o * block + r) * inChannels + i * block) * 9
            let source = taps + r * 9 * block
            if accumulates {
              for c in 0..<block {
                for t in 0..<9 { target[c * 9 + t] += source[t * block + c] }
              }
            } else {
              for c in 0..<block {
                for t in 0..<9 { target[c * 9 + t] = source[t * block + c] }
              }
            }
          }
        }
      }
    }
  }
}
