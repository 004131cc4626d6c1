extension FusedInput {
  /// The names of the activations that have gradients, in order; nil for those that have none.
  package var partNames: [TensorName?] { parts.map(\.recordedName) }
  /// The name of the scales and shifts of its normalisation, where they have a gradient.
  package var scaleShiftName: TensorName? { normalization?.source?.scaleShift?.recordedName }
  /// Whether the gradient of the input is that of its one part.
  package var isPlain: Bool { plain != nil }

  /// What comes of the gradient of an input.
  package struct Gradients {
    /// Of each activation.
    package var parts: [Tensor]
    /// Of the scales and shifts, `[N, 2C]`, if the normalisation has any.
    package var scaleShift: Tensor?
  }

  /// The gradients of what the input is put together from, given its own; those of a normalisation's parameters are added to their
  /// variables.
  ///
  /// - Parameters:
  ///   - gradient: is written over.
  ///   - sums: what the gradients of the parts are added to; gone afterwards.
  package func gradients(_ gradient: inout Tensor, adding sums: inout [Tensor?]) -> Gradients {
    if isEnlarged { gradient = gradient.sumOfRepeatedPixels() }
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
