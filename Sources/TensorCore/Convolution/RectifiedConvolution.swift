import KernelTable

/// A convolution of two dimensions, a bias, and max(0, ·): the layer of the classifiers of ImageNet whose batch
/// normalisation is folded into weight and bias. Without gradients. It can write into some of the channels of a larger
/// activation, so that branches are joined without a copy.
public struct RectifiedConvolution: Sendable {
  /// Input channels.
  public let inChannels: Int
  /// Output channels.
  public let outChannels: Int
  private let kernel: [Int]
  private let stride: Int
  private let padding: [Int]
  private let algorithm: Algorithm

  private enum Algorithm: Sendable {
    case direct(PackedWeights)
    /// A row of the kernel is one tap, as in `RowConvolution`.
    case rows(PackedWeights)
    case winograd(WinogradConvolution)
  }

  /// A layer of `weight`, `[O, I, k, k']`, and `bias`, `[O]`.
  ///
  /// - Parameters:
  ///   - weight: `[O, I, k, k']`.
  ///   - bias: `[O]`.
  ///   - stride: the stride in both dimensions.
  ///   - padding: the zeros above and below, and those left and right.
  public init(weight: Tensor, bias: Tensor, stride: Int = 1, padding: [Int] = [0, 0]) {
    precondition(
      weight.shape.count == 4 && padding.count == 2 && stride > 0,
      "a convolution of two dimensions cannot have a weight of shape \(weight.shape) and padding \(padding)")
    (outChannels, inChannels, kernel) = (weight.shape[0], weight.shape[1], Array(weight.shape[2...]))
    self.stride = stride
    self.padding = padding
    let isWinograd =
      kernel == [3, 3] && stride == 1 && padding[0] == padding[1] && padding[0] <= 1
      && inChannels % WinogradConvolution.block == 0
    algorithm =
      if isWinograd {
        .winograd(WinogradConvolution(weight: weight, bias: bias, outputPixels: nil))
      } else if inChannels < Self.fewChannels && kernel[1] > 1 && padding == [0, 0] {
        .rows(PackedWeights(weight: RowConvolution.byRows(weight), bias: bias))
      } else {
        .direct(PackedWeights(weight: weight, bias: bias))
      }
  }

  /// For fewer channels the product has a row of the kernel as its depth.
  private static let fewChannels = 8

  /// The shape of the output for an input of shape `[N, H, W, I]`: ⌊(size + 2 · padding - kernel) / stride⌋ + 1.
  public func outputShape(_ shape: [Int]) -> [Int] {
    precondition(
      shape.count == 4 && shape[3] == inChannels && shape[1] + 2 * padding[0] >= kernel[0]
        && shape[2] + 2 * padding[1] >= kernel[1],
      "a convolution of \(inChannels) channels and kernel \(kernel) cannot take \(shape)")
    func size(_ dimension: Int) -> Int {
      (shape[dimension + 1] + 2 * padding[dimension] - kernel[dimension]) / stride + 1
    }
    return [shape[0], size(0), size(1), outChannels]
  }

  /// `[N, H, W, I]` → `[N, H', W', O]`, channels last.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    Tensor(outputShape(x.shape)) { out in self(x, into: out, stride: outChannels) }
  }

  /// Writes the output for `x`, `[N, H, W, I]`: the O channels of a pixel to `out`, those of the next `pixelStride`
  /// floats behind.
  public func callAsFunction(_ x: Tensor, into out: UnsafeMutablePointer<Float>, stride pixelStride: Int) {
    let outputShape = outputShape(x.shape)
    LayerProfile.measure(
      { "rectified convolution \(sizeText(kernel)), \(inChannels) → \(outChannels), \(sizeText(outputShape[1...2]))" },
      operations: operations(outputShape)
    ) {
      switch algorithm {
      case .winograd(let winograd):
        winograd.write(FusedInput(x), margin: padding[0], rectifies: true, into: .init(out, stride: pixelStride))
      case .direct(let weights): product(x, weights, taps: kernel, outputShape, into: out, pixelStride)
      case .rows(let weights): product(x, weights, taps: [kernel[0], 1], outputShape, into: out, pixelStride)
      }
    }
  }

  private func operations(_ outputShape: [Int]) -> Int {
    if case .winograd(let winograd) = algorithm { return winograd.operations(outputShape) }
    return 2 * outputShape.reduce(1, *) * inChannels * kernel[0] * kernel[1]
  }

  private func product(
    _ x: Tensor, _ weights: PackedWeights, taps: [Int], _ outputShape: [Int],
    into out: UnsafeMutablePointer<Float>, _ pixelStride: Int
  ) {
    let geometry = Geometry(
      size: Triple(Array(x.shape[1...2]), filler: 1), output: Triple(Array(outputShape[1...2]), filler: 1),
      kernel: Triple(taps, filler: 1), stride: Triple([stride, stride], filler: 1),
      before: Triple(padding, filler: 0))
    let isPlain = weights.taps == 1 && stride == 1 && padding == [0, 0]
    x.withUnsafePointer { source in
      weights.zeros.withUnsafePointer { zeros in
        implicitGEMM(
          rowCount: outputShape.dropLast().reduce(1, *), weights: weights, out: out, outStride: pixelStride,
          rectifies: true
        ) { rows, addresses, _ in
          if isPlain {
            for r in 0..<rows.count { addresses[r] = source + (rows.lowerBound + r) * inChannels }
          } else {
            geometry.gather(rows, source: source, channels: inChannels, zeros: zeros, into: addresses)
          }
        }
      }
    }
  }
}
