/// The zero padding of a convolution.
public enum Padding: Sendable, Equatable {
  /// Half the kernel on every side, as the original uses `conv_nd`.
  case same
  /// Kernel - 1 zeros after the last pixel of each dimension, none before the first: diffusers'
  /// `downsample_padding: 0`.
  case end
  /// This many zeros on every side.
  case each(Int)

  /// The zeros before the first pixel of each dimension.
  func before(_ kernel: [Int]) -> [Int] {
    switch self {
    case .same: kernel.map { $0 / 2 }
    case .end: []
    case .each(let zeros): kernel.map { _ in zeros }
    }
  }

  /// Whether the number of zeros does not depend on the kernel.
  var isExplicit: Bool { if case .each = self { true } else { false } }
}

/// A convolution over one, two or three spatial dimensions, as the original's `conv_nd` (kernel 3 with stride 1 or 2,
/// kernel 1), or with another kernel. With padding other than `.each` the kernel is odd.
public struct Convolution: Sendable {
  /// The kernel's size in each spatial dimension.
  public let kernel: [Int]
  /// The stride in each spatial dimension.
  public let stride: [Int]
  /// Input channels.
  public let inChannels: Int
  /// Output channels.
  public let outChannels: Int
  let padding: Padding
  /// Whether Winograd's algorithm, if it is used, works with the smaller tiles.
  let usesSmallTiles: Bool
  /// The parameters, if gradients are needed.
  let variables: (weight: Variable, bias: Variable)?
  private let algorithm: Lazy<Algorithm>
  /// The weights in the form that computes the gradient of the input.
  let transposed: Lazy<Algorithm>?

  enum Algorithm: Sendable {
    case direct(PackedWeights)
    case winograd(WinogradConvolution)
    /// For gradients only.
    case stride2InputGradient(Stride2InputGradient)
  }

  /// A layer of `weight`, `[O, I, k…]`, and `bias`, `[O]`; `stride` has an entry per spatial dimension.
  ///
  /// - Parameters:
  ///   - weight: `[O, I, k…]`.
  ///   - bias: `[O]`.
  ///   - stride: one number for each spatial dimension.
  ///   - padding: where zeros are added.
  ///   - outputPixels: the pixels of an output picture, if known: the layer chooses its algorithm for that
  ///     size, which determines the rounding. It accepts pictures of other sizes too.
  public init(
    weight: Parameter, bias: Parameter, stride: [Int], padding: Padding = .same, outputPixels: Int? = nil
  ) {
    kernel = Array(weight.shape.dropFirst(2))
    precondition(
      (1...3).contains(kernel.count) && stride.count == kernel.count
        && (padding.isExplicit || kernel.allSatisfy { $0 % 2 == 1 }),
      "a convolution cannot have a weight of shape \(weight.shape) and stride \(stride)")
    self.stride = stride
    self.padding = padding
    usesSmallTiles = WinogradConvolution.usesSmallTiles(outputPixels)
    (outChannels, inChannels) = (weight.shape[0], weight.shape[1])
    // The choice depends only on the layer, so that a picture does not depend on its batch.
    let isWinograd =
      kernel == [3, 3] && stride == [1, 1] && padding == .same && inChannels % WinogradConvolution.block == 0
    algorithm = Lazy(of: weight, bias) {
      isWinograd
        ? .winograd(WinogradConvolution(weight: weight.tensor(), bias: bias.tensor(), outputPixels: outputPixels))
        : .direct(PackedWeights(weight: weight.tensor(), bias: bias.tensor()))
    }
    (variables, transposed) = Self.forGradients(
      weight, bias, kernel: kernel, stride: stride, isWinograd: isWinograd, outputPixels: outputPixels)
  }

  /// A layer of weights that are already in memory.
  public init(weight: Tensor, bias: Tensor, stride: [Int], padding: Padding = .same, outputPixels: Int? = nil) {
    self.init(
      weight: Parameter(weight), bias: Parameter(bias), stride: stride, padding: padding, outputPixels: outputPixels)
  }

  /// The spatial size of the output for an input of spatial size `size`: ⌈size / stride⌉, ⌊size / stride⌋ with padding
  /// at the end only, ⌊(size + 2p - kernel) / stride⌋ + 1 with p zeros on every side.
  public func outputSize(_ size: [Int]) -> [Int] {
    size.indices.map { i in
      switch padding {
      case .same: (size[i] + stride[i] - 1) / stride[i]
      case .end: size[i] / stride[i]
      case .each(let zeros): (size[i] + 2 * zeros - kernel[i]) / stride[i] + 1
      }
    }
  }

  /// `[N, spatial…, I]` → `[N, spatial'…, O]`, channels last.
  public func callAsFunction(_ x: Tensor) -> Tensor { self(FusedInput(x)) }

  /// `[N, spatial…, I]` → `[N, spatial'…, O]`, channels last.
  ///
  /// - Parameters:
  ///   - input: what is convolved.
  ///   - residual: an activation to add to the output, in its shape.
  public func callAsFunction(_ input: FusedInput, adding residual: Tensor? = nil) -> Tensor {
    let shape = input.shape
    precondition(
      shape.count == kernel.count + 2 && shape.last == inChannels,
      "a convolution of \(inChannels) channels and kernel \(kernel) cannot take \(shape)")
    let outputSize = outputSize(Array(shape[1..<shape.count - 1]))
    let outputShape = [shape[0]] + outputSize + [outChannels]
    precondition(
      residual == nil || residual?.shape == outputShape, "cannot add \(residual?.shape ?? []) to \(outputShape)")
    return LayerProfile.measure({ timingName(outputSize) }, operations: operations(outputShape)) {
      let algorithm = algorithm.value
      let output =
        switch algorithm {
        case .winograd(let winograd):
          winograd(input.isInBlocks ? input : FusedInput(input.tensor()), adding: residual)
        case .direct(let weights):
          weights.taps == 1 && stride.allSatisfy { $0 == 1 }
            ? weights.product(input, adding: residual)
            : direct(weights, input.tensor(), outputShape, adding: residual)
        case .stride2InputGradient: preconditionFailure("these weights only compute gradients")
        }
      return output.recorded(
        input.isRecorded || residual?.recordedName != nil || variables?.weight.isFrozen == false,
        as: .convolution(self, input, residual: residual?.recordedName))
    }
  }

  private func operations(_ outputShape: [Int]) -> Int {
    if case .winograd(let winograd) = algorithm.value { return winograd.operations(outputShape) }
    return 2 * outputShape.reduce(1, *) * inChannels * kernel.reduce(1, *)
  }

  private func timingName(_ outputSize: [Int]) -> String {
    let isPlain = stride.allSatisfy { $0 == 1 }
    var name = "convolution \(sizeText(kernel))\(isPlain ? "" : " stride \(sizeText(stride))")"
    if case .winograd(let winograd) = algorithm.value { name += " F(\(winograd.tileSide)×\(winograd.tileSide))" }
    return name + ", \(inChannels) → \(outChannels), \(sizeText(outputSize))"
  }

  private func direct(
    _ weights: PackedWeights, _ x: Tensor, _ outputShape: [Int], adding residual: Tensor?
  ) -> Tensor {
    let geometry = geometry(x.shape, outputShape)
    let rowCount = outputShape.dropLast().reduce(1, *)
    return x.withUnsafePointer { source in
      weights.zeros.withUnsafePointer { zeros in
        residual.withUnsafePointerIfAny { residual in
          Tensor(outputShape) { out in
            implicitGEMM(
              rowCount: rowCount, weights: weights, out: out, outStride: outChannels, residual: residual
            ) { rows, addresses, _ in
              geometry.gather(rows, source: source, channels: inChannels, zeros: zeros, into: addresses)
            }
          }
        }
      }
    }
  }
}

extension Convolution {
  /// Which pixels of an activation of shape `input` the taps read for an activation of shape `output`.
  func geometry(_ input: [Int], _ output: [Int]) -> Geometry {
    Geometry(
      size: Triple(Array(input[1..<input.count - 1]), filler: 1),
      output: Triple(Array(output[1..<output.count - 1]), filler: 1), kernel: Triple(kernel, filler: 1),
      stride: Triple(stride, filler: 1), before: Triple(padding.before(kernel), filler: 0))
  }
}

/// Depth, height and width; sizes of one or two dimensions are padded at the front with a filler.
struct Triple {
  let d: Int
  let h: Int
  let w: Int

  init(_ values: [Int], filler: Int) {
    let all = [Int](repeating: filler, count: 3 - values.count) + values
    (d, h, w) = (all[0], all[1], all[2])
  }
}

/// Maps each tap of each output pixel to the input pixel that it reads.
struct Geometry {
  let size: Triple
  let output: Triple
  let kernel: Triple
  let stride: Triple
  /// The zeros before the first pixel.
  let before: Triple

  /// Writes the addresses of the input pixels of the output pixels `rows`, as `implicitGEMM` expects them.
  func gather(
    _ rows: Range<Int>, source: UnsafePointer<Float>, channels: Int, zeros: UnsafePointer<Float>,
    into addresses: UnsafeMutablePointer<UnsafePointer<Float>>
  ) {
    for pixel in rows {
      let (line, w) = pixel.quotientAndRemainder(dividingBy: output.w)
      let (plane, h) = line.quotientAndRemainder(dividingBy: output.h)
      let (n, d) = plane.quotientAndRemainder(dividingBy: output.d)
      var target = addresses + (pixel - rows.lowerBound)
      for kd in 0..<kernel.d {
        let z = d * stride.d + kd - before.d
        for kh in 0..<kernel.h {
          let y = h * stride.h + kh - before.h
          let inside = z >= 0 && z < size.d && y >= 0 && y < size.h
          let row = ((n * size.d + z) * size.h + y) * size.w
          for kw in 0..<kernel.w {
            let x = w * stride.w + kw - before.w
            target.pointee = inside && x >= 0 && x < size.w ? source + (row + x) * channels : zeros
            target += rows.count
          }
        }
      }
    }
  }
}
