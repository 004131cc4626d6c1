import KernelTable

/// The weights of a convolution or linear layer, arranged once for the matrix tiles of a kernel table: panels of
/// `tileColumns` output channels, each `[taps, depth, tileColumns]`, the last one filled up with zeros.
///
/// A tap is one position of the convolution's kernel (a linear layer has one), the depth its input channels.
public struct PackedWeights: Sendable {
  let table: KernelTable
  let taps: Int
  let depth: Int
  /// The output channels.
  let columns: Int
  let panels: Tensor
  let bias: Tensor
  /// What a tap reads outside the picture.
  let zeros: Tensor

  var panelCount: Int { (columns + table.tileColumns - 1) / table.tileColumns }
  var panelStride: Int { taps * depth * table.tileColumns }

  /// Packs `weight`, `[O, I]` or `[O, I, k…]` as PyTorch keeps it, and `bias`, `[O]` or none.
  public init(weight: Tensor, bias: Tensor?) {
    precondition(weight.shape.count >= 2, "weights of shape \(weight.shape) are not those of a linear map")
    let table = KernelChoice.current
    let (columns, depth, taps) = (weight.shape[0], weight.shape[1], weight.shape.dropFirst(2).reduce(1, *))
    precondition(
      bias == nil || bias?.shape == [columns], "\(columns) outputs cannot take a bias of shape \(bias?.shape ?? [])")
    self.init(table: table, taps: taps, depth: depth, columns: columns, bias: bias) { target, panel in
      weight.withUnsafePointer { source in
        let width = table.tileColumns
        let first = panel * width
        if taps == 1 {
          transpose(
            source + first * depth, rows: min(width, columns - first), columns: depth, into: target, stride: width)
          return
        }
        for c in 0..<min(width, columns - first) {
          let row = source + (first + c) * depth * taps
          for i in 0..<depth {
            for tap in 0..<taps { target[(tap * depth + i) * width + c] = row[i * taps + tap] }
          }
        }
      }
    }
  }

  /// Weights whose panels are written by `fill(target, panel)` into zeroed memory, in parallel.
  init(
    table: KernelTable, taps: Int, depth: Int, columns: Int, bias: Tensor?,
    fillingPanels fill: (UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    self.table = table
    self.taps = taps
    self.depth = depth
    self.columns = columns
    let width = table.tileColumns
    let panelCount = (columns + width - 1) / width
    let panelStride = taps * depth * width
    panels = Tensor([panelCount, taps, depth, width]) { target in
      ThreadPool.shared.forEach(panelCount) { panel in
        let panelTarget = target + panel * panelStride
        panelTarget.update(repeating: 0, count: panelStride)
        fill(panelTarget, panel)
      }
    }
    self.bias = (bias ?? Tensor([0], [])).padded(to: panelCount * width)
    zeros = Tensor(zeros: [depth])
  }
}

/// `out[c · stride + r] = source[r · columns + c]`, some columns at a time, so that what is written stays in a near cache until it is
/// whole.
func transpose(
  _ source: UnsafePointer<Float>, rows: Int, columns: Int, into out: UnsafeMutablePointer<Float>, stride: Int
) {
  for first in Swift.stride(from: 0, to: columns, by: 16) {
    let count = min(16, columns - first)
    for r in 0..<rows {
      let row = source + r * columns + first
      let target = out + first * stride + r
      for c in 0..<count { target[c * stride] = row[c] }
    }
  }
}

extension Tensor {
  /// The elements, and zeros up to `count`.
  func padded(to count: Int) -> Tensor {
    Tensor([count]) { target in
      withUnsafePointer { target.update(from: $0, count: self.count) }
      (target + self.count).update(repeating: 0, count: count - self.count)
    }
  }
}
