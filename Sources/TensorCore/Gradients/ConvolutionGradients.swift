extension Convolution {
  /// What a layer holds if gradients are needed.
  static func forGradients(
    _ weight: Parameter, _ bias: Parameter, kernel: [Int], stride: [Int], isWinograd: Bool, outputPixels: Int?
  ) -> (variables: (weight: Variable, bias: Variable)?, transposed: Lazy<Algorithm>?) {
    guard let weightVariable = weight.variable, let biasVariable = bias.variable else { return (nil, nil) }
    let isWinograd = isWinograd && weight.shape[0] % WinogradConvolution.block == 0
    let isStride2 = kernel == [3, 3] && stride == [2, 2]
    let transposed = Lazy(of: weight) { () -> Algorithm in
      let weight = weight.tensor()
      if isStride2 { return .stride2InputGradient(Stride2InputGradient(weight)) }
      return isWinograd
        ? .winograd(
          WinogradConvolution(
            weight: weight, bias: Tensor(zeros: [weight.shape[1]]), outputPixels: outputPixels, isTransposed: true))
        : .direct(PackedWeights(transposing: weight))
    }
    return ((weightVariable, biasVariable), transposed)
  }

  /// The gradient of the input, of shape `shape`, given that of the output: a convolution with the weights transposed
  /// and flipped.
  ///
  /// - Parameter sum: a tensor to add it to.
  func inputGradient(_ gradient: Tensor, shape: [Int], adding sum: Tensor? = nil) -> Tensor {
    guard let transposed else { preconditionFailure("the layer was built without variables") }
    return LayerProfile.measure({ "gradient of the input of \(timingName(gradient.shape))" }) {
      switch transposed.value {
      case .winograd(let winograd):
        return winograd(FusedInput(gradient), adding: sum)
      case .stride2InputGradient(let layer):
        return layer.inputGradient(gradient, shape: shape, before: padding == .same ? 1 : 0, adding: sum)
      case .direct(let weights):
        if weights.taps == 1 && stride.allSatisfy({ $0 == 1 }) { return weights.product(gradient, adding: sum) }
        let geometry = geometry(shape, gradient.shape)
        return gradient.withUnsafePointer { source in
          weights.zeros.withUnsafePointer { zeros in
            sum.withUnsafePointerIfAny { sum in
              Tensor(shape) { out in
                implicitGEMM(
                  rowCount: shape.dropLast().reduce(1, *), weights: weights, out: out, outStride: inChannels,
                  residual: sum
                ) { rows, addresses, _ in
                  geometry.gatherReaders(
                    of: rows, source: source, channels: outChannels, zeros: zeros, into: addresses)
                }
              }
            }
          }
        }
      }
    }
  }

  /// Adds to the gradients of the weight and the bias, given that of the output for `input`.
  func addParameterGradients(_ gradient: Tensor, input: FusedInput) {
    guard let variables, !variables.weight.isFrozen else { return }
    LayerProfile.measure({ "gradient of the weight of \(timingName(gradient.shape))" }) {
      variables.bias.addToGradient(gradient.sumOfPixels())
      if kernel == [3, 3] && stride == [1, 1] && padding == .same && inChannels % WinogradConvolution.block == 0 {
        let usesSmallTiles = usesSmallTiles
        WinogradWeightGradient(usesSmallTiles: usesSmallTiles, inChannels: inChannels, outChannels: outChannels)
          .add(gradient, input: input.isInBlocks ? input : FusedInput(input.tensor()), to: variables.weight)
        return
      }
      let isPlain = kernel.allSatisfy { $0 == 1 } && stride.allSatisfy { $0 == 1 }
      if isPlain {
        PixelwiseWeightGradient(taps: 1, depth: inChannels, columns: outChannels)
          .add(gradient, input: input, to: variables.weight)
        return
      }
      let x = input.tensor()
      let geometry = geometry(x.shape, gradient.shape)
      let zeros = Tensor(zeros: [inChannels])
      x.withUnsafePointer { source in
        zeros.withUnsafePointer { zeros in
          PixelwiseWeightGradient(taps: kernel.reduce(1, *), depth: inChannels, columns: outChannels)
            .add(gradient, to: variables.weight) { rows, addresses in
              geometry.gather(rows, source: source, channels: inChannels, zeros: zeros, into: addresses)
            }
        }
      }
    }
  }

  private func timingName(_ output: [Int]) -> String {
    "convolution \(sizeText(kernel)), \(inChannels) → \(outChannels), \(sizeText(output[1..<output.count - 1]))"
  }
}

extension Geometry {
  /// The reverse of `gather`: writes the addresses of the output pixels that read the input pixels `rows` through each
  /// tap, or of zeros if none does.
  func gatherReaders(
    of rows: Range<Int>, source: UnsafePointer<Float>, channels: Int, zeros: UnsafePointer<Float>,
    into addresses: UnsafeMutablePointer<UnsafePointer<Float>>
  ) {
    /// The output position along a dimension that reads `place` through tap `tap`.
    func reader(_ place: Int, _ tap: Int, _ before: Int, _ stride: Int, _ size: Int) -> Int? {
      let (quotient, remainder) = (place + before - tap).quotientAndRemainder(dividingBy: stride)
      return remainder == 0 && quotient >= 0 && quotient < size ? quotient : nil
    }
    for pixel in rows {
      let (line, x) = pixel.quotientAndRemainder(dividingBy: size.w)
      let (plane, y) = line.quotientAndRemainder(dividingBy: size.h)
      let (n, z) = plane.quotientAndRemainder(dividingBy: size.d)
      var target = addresses + (pixel - rows.lowerBound)
      for kd in 0..<kernel.d {
        let d = reader(z, kd, before.d, stride.d, output.d)
        for kh in 0..<kernel.h {
          let h = reader(y, kh, before.h, stride.h, output.h)
          for kw in 0..<kernel.w {
            if let d, let h, let w = reader(x, kw, before.w, stride.w, output.w) {
              target.pointee = source + (((n * output.d + d) * output.h + h) * output.w + w) * channels
            } else {
              target.pointee = zeros
            }
            target += rows.count
          }
        }
      }
    }
  }
}

extension PackedWeights {
  /// Packs `weight`, `[O, I, k…]`, for products from O channels to I, tap by tap.
  ///
  /// - Parameter chosen: the numbers of the taps; all if nil.
  init(transposing weight: Tensor, taps chosen: [Int]? = nil) {
    let (depth, columns, all) = (weight.shape[0], weight.shape[1], weight.shape.dropFirst(2).reduce(1, *))
    let taps = chosen ?? Array(0..<all)
    let table = KernelChoice.current
    self.init(table: table, taps: taps.count, depth: depth, columns: columns, bias: nil) { target, panel in
      weight.withUnsafePointer { source in
        let width = table.tileColumns
        let first = panel * width
        let count = min(width, columns - first)
        for o in 0..<depth {
          let row = source + (o * columns + first) * all
          if all == 1 {
            (target + o * width).update(from: row, count: count)
            continue
          }
          for (place, tap) in taps.enumerated() {
            for c in 0..<count { target[(place * depth + o) * width + c] = row[c * all + tap] }
          }
        }
      }
    }
  }
}

extension Tensor {
  /// The sum over all but the last dimension: `[…, C]` → `[C]`.
  func sumOfPixels() -> Tensor {
    let channels = shape[shape.count - 1]
    let pixels = count / max(1, channels)
    // Strips are summed in float32, in parallel, and their sums in float64.
    let strip = 256
    let strips = (pixels + strip - 1) / strip
    let table = KernelChoice.current
    let sums = withUnsafePointer { source in
      Tensor([strips, channels]) { sums in
        ThreadPool.shared.forEach(strips) { item in
          let first = item * strip
          table.packing.sumRows(
            source + first * channels, min(strip, pixels - first), channels, sums + item * channels)
        }
      }
    }
    return sums.withUnsafePointer { sums in
      Tensor([channels]) { out in
        for c in 0..<channels {
          var sum = 0.0
          for item in 0..<strips { sum += Double(sums[item * channels + c]) }
          out[c] = Float(sum)
        }
      }
    }
  }
}
