import KernelTable

/// The weights of a convolution or linear layer, arranged once for the matrix tiles of a kernel table: panels of
/// `tileColumns` output channels, each `[taps, depth, tileColumns]`, the last one padded with zeros.
///
/// A tap is one position of the convolution's kernel (a linear layer has one); the depth is the number of input
/// channels.
public struct PackedWeights: Sendable {
  let table: KernelTable
  let taps: Int
  let depth: Int
  /// The output channels.
  let columns: Int
  let panels: Tensor
  let bias: Tensor
  /// Read by taps outside the picture.
  let zeros: Tensor

  var panelCount: Int { (columns + table.tileColumns - 1) / table.tileColumns }
  var panelStride: Int { taps * depth * table.tileColumns }

  /// Packs `weight`, `[O, I]` or `[O, I, k…]` in PyTorch's layout, and `bias`, `[O]` or none.
  public init(weight: Tensor, bias: Tensor?) {
    precondition(weight.shape.count >= 2, "a linear map cannot have a weight of shape \(weight.shape)")
    let table = KernelChoice.current
    let (columns, depth, taps) = (weight.shape[0], weight.shape[1], weight.shape.dropFirst(2).reduce(1, *))
    precondition(
      bias == nil || bias?.shape == [columns], "\(columns) outputs cannot take a bias of shape \(bias?.shape ?? [])")
    self.init(table: table, taps: taps, depth: depth, columns: columns, bias: bias) { target, panel in
      weight.withUnsafePointer { source in
        let width = table.tileColumns
        let first = panel * width
        if taps == 1 {
          table.packing.transpose(source + first * depth, min(width, columns - first), depth, target, width)
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

  /// Weights whose panels are written by `fill(target, panel)`, in parallel. A last panel with unused columns is zeroed
  /// first.
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
        if (panel + 1) * width > columns { panelTarget.update(repeating: 0, count: panelStride) }
        fill(panelTarget, panel)
      }
    }
    self.bias = (bias ?? Tensor([0], [])).padded(to: panelCount * width)
    zeros = Tensor(zeros: [depth])
  }
}

extension Tensor {
  /// The elements, followed by zeros up to `count`.
  func padded(to count: Int) -> Tensor {
    Tensor([count]) { target in
      withUnsafePointer { target.update(from: $0, count: self.count) }
      (target + self.count).update(repeating: 0, count: count - self.count)
    }
  }
}
