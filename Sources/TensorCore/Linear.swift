/// A fully connected layer: y = x·Wᵀ + b. With an input of more than two dimensions it acts on the last one: on
/// channels-last activations it is a convolution with kernel 1.
public struct Linear: Sendable {
  let weights: PackedWeights

  /// Input features.
  public var inFeatures: Int { weights.depth }
  /// Output features.
  public var outFeatures: Int { weights.columns }

  /// A layer of `weight`, `[O, I]` (or `[O, I, 1…]`, a convolution's with kernel 1), and `bias`, `[O]`.
  public init(weight: Tensor, bias: Tensor) {
    weights = PackedWeights(weight: weight, bias: bias)
    precondition(weights.taps == 1, "a linear layer cannot have a weight of shape \(weight.shape)")
  }

  /// `[…, I]` → `[…, O]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    precondition(x.shape.last == inFeatures, "a linear layer of \(inFeatures) inputs cannot take \(x.shape)")
    let rowCount = x.shape.dropLast().reduce(1, *)
    let tileRows = weights.table.tileRows
    return x.withUnsafePointer { source in
      Tensor(x.shape.dropLast() + [outFeatures]) { out in
        gatheredProduct(rowCount: rowCount, weights: weights, out: out, outStride: outFeatures) { first, rows in
          for r in 0..<tileRows { rows[r] = source + min(first + r, rowCount - 1) * inFeatures }
        }
      }
    }
  }
}
