/// A convolution over one, two or three spatial dimensions with an odd kernel and a padding of half the kernel, as
/// `conv_nd` of the original makes them (kernel 3 with stride 1 or 2, kernel 1).
public struct Convolution: Sendable {
  /// The kernel's size in each spatial dimension.
  public let kernel: [Int]
  /// The stride in each spatial dimension.
  public let stride: [Int]
  let weights: PackedWeights

  /// Input channels.
  public var inChannels: Int { weights.depth }
  /// Output channels.
  public var outChannels: Int { weights.columns }

  /// A layer of `weight`, `[O, I, k…]`, and `bias`, `[O]`; `stride` has an entry per spatial dimension.
  public init(weight: Tensor, bias: Tensor, stride: [Int]) {
    kernel = Array(weight.shape.dropFirst(2))
    precondition(
      (1...3).contains(kernel.count) && kernel.allSatisfy { $0 % 2 == 1 } && stride.count == kernel.count,
      "no convolution has a weight of shape \(weight.shape) and stride \(stride)")
    self.stride = stride
    weights = PackedWeights(weight: weight, bias: bias)
  }

  /// The spatial size that an input of spatial size `size` leads to: ⌈size / stride⌉.
  public func outputSize(_ size: [Int]) -> [Int] {
    Swift.zip(size, stride).map { ($0 + $1 - 1) / $1 }
  }

  /// `[N, spatial…, I]` → `[N, spatial'…, O]`, channels last.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    precondition(
      x.shape.count == kernel.count + 2 && x.shape.last == inChannels,
      "a convolution of \(inChannels) channels and kernel \(kernel) cannot take \(x.shape)")
    let size = Array(x.shape[1..<x.shape.count - 1])
    let outputSize = outputSize(size)
    let geometry = Geometry(
      size: Triple(size, filler: 1), output: Triple(outputSize, filler: 1), kernel: Triple(kernel, filler: 1),
      stride: Triple(stride, filler: 1), tileRows: weights.table.tileRows)
    let rowCount = x.shape[0] * outputSize.reduce(1, *)
    return x.withUnsafePointer { source in
      weights.zeros.withUnsafePointer { zeros in
        Tensor([x.shape[0]] + outputSize + [outChannels]) { out in
          gatheredProduct(rowCount: rowCount, weights: weights, out: out, outStride: outChannels) { first, rows in
            geometry.gather(
              first: first, rowCount: rowCount, source: source, channels: inChannels, zeros: zeros, into: rows)
          }
        }
      }
    }
  }
}

/// Depth, height and width; one- and two-dimensional sizes are filled up in front.
private struct Triple {
  let d: Int
  let h: Int
  let w: Int

  init(_ values: [Int], filler: Int) {
    let all = [Int](repeating: filler, count: 3 - values.count) + values
    (d, h, w) = (all[0], all[1], all[2])
  }
}

/// Which input pixel each tap of each output pixel reads.
private struct Geometry {
  let size: Triple
  let output: Triple
  let kernel: Triple
  let stride: Triple
  let tileRows: Int

  /// See `gatheredProduct`: the addresses of the input pixels of output pixels `first ..< first + tileRows`.
  func gather(
    first: Int, rowCount: Int, source: UnsafePointer<Float>, channels: Int, zeros: UnsafePointer<Float>,
    into rows: UnsafeMutablePointer<UnsafePointer<Float>>
  ) {
    for r in 0..<tileRows {
      let pixel = min(first + r, rowCount - 1)
      let (line, w) = pixel.quotientAndRemainder(dividingBy: output.w)
      let (plane, h) = line.quotientAndRemainder(dividingBy: output.h)
      let (n, d) = plane.quotientAndRemainder(dividingBy: output.d)
      var target = rows + r
      for kd in 0..<kernel.d {
        let z = d * stride.d + kd - kernel.d / 2
        for kh in 0..<kernel.h {
          let y = h * stride.h + kh - kernel.h / 2
          let inside = z >= 0 && z < size.d && y >= 0 && y < size.h
          let row = ((n * size.d + z) * size.h + y) * size.w
          for kw in 0..<kernel.w {
            let x = w * stride.w + kw - kernel.w / 2
            target.pointee = inside && x >= 0 && x < size.w ? source + (row + x) * channels : zeros
            target += tileRows
          }
        }
      }
    }
  }
}
