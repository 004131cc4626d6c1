import TensorCore

/// Σ factor · tensor for tensors of the same shape, accumulated in this order in float32.
func sum(_ first: (factor: Double, tensor: Tensor), _ others: (factor: Double, tensor: Tensor)...) -> Tensor {
  let factor = Float(first.factor)
  var sum = first.tensor.map { factor * $0 }
  for term in others {
    let factor = Float(term.factor)
    sum = sum.zip(term.tensor) { $0 + factor * $1 }
  }
  return sum
}
