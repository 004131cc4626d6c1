extension FusedInput {
  /// The names of the parts, in order; nil for those without a gradient.
  var partNames: [TensorName?] { parts.map(\.recordedName) }
  /// The name of the normalisation's scales and shifts, if they have a gradient.
  var scaleShiftName: TensorName? { normalization?.source?.scaleShift?.recordedName }

  /// The gradients of a fused input's components.
  struct Gradients {
    /// Those of the activations.
    var parts: [Tensor]
    /// That of the scales and shifts, `[N, 2C]`, if the normalisation has any.
    var scaleShift: Tensor?
  }

  /// The gradients of the input's components, given its own. Those of a normalisation's parameters are added to their
  /// variables.
  ///
  /// - Parameters:
  ///   - gradient: overwritten.
  ///   - sums: tensors to add the gradients of the parts to; consumed.
  func gradients(_ gradient: inout Tensor, adding sums: inout [Tensor?]) -> Gradients {
    if isUpsampled { gradient = gradient.upsamplingGradient() }
    let shapes = parts.map(\.shape)
    if let normalization {
      guard let source = normalization.source else { preconditionFailure("the normalisation was not recorded") }
      let batch = parts[0].shape[0]
      let backward = NormalizationGradient(
        layer: source.layer, affine: normalization.affine, silu: normalization.silu, inverses: source.inverses,
        batch: batch, pixels: parts[0].count / (batch * shapes[0][shapes[0].count - 1]))
      return backward.gradients(&gradient, parts: parts, scaleShift: source.scaleShift, adding: &sums)
    }
    if parts.count == 1 {
      let sum = sums[0]
      return Gradients(parts: [sum.map { $0 + gradient } ?? gradient], scaleShift: nil)
    }
    var first = 0
    let split = zip(shapes, sums).map { shape, sum in
      let width = shape[shape.count - 1]
      defer { first += width }
      let part = gradient.lastChannels(first..<first + width)
      return sum.map { $0 + part } ?? part
    }
    return Gradients(parts: split, scaleShift: nil)
  }
}

extension Tensor {
  /// The channels `range` of a channels-last activation.
  func lastChannels(_ range: Range<Int>) -> Tensor {
    let channels = shape[shape.count - 1]
    let table = KernelChoice.current
    return withUnsafePointer { source in
      Tensor(shape.dropLast() + [range.count]) { out in
        let items = Tiling(count: count / channels, most: 256)
        ThreadPool.shared.forEach(items.tiles) { item in
          let rows = items[item]
          table.packing.copyRows(
            source + rows.lowerBound * channels + range.lowerBound, channels, rows.count, range.count,
            out + rows.lowerBound * range.count, range.count)
        }
      }
    }
  }
}
