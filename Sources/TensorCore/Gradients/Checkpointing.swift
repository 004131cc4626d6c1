/// Evaluates `body` without keeping intermediate activations, which the backward pass recomputes (Chen et al. 2016;
/// `checkpoint` in the original's `nn.py`). Memory falls to what `body` captures; the cost is a second forward pass.
///
/// - Parameters:
///   - flag: whether to do so; otherwise `body` is evaluated as usual.
///   - body: depends only on what it captures: it is called twice, and must return the same both times.
public func checkpoint(_ flag: Bool, _ body: @escaping @Sendable () -> Tensor) -> Tensor {
  guard flag, GradientTape.ifAny != nil else { return body() }
  let output = GradientTape.$current.withValue(nil) { body() }
  precondition(output.recordedName == nil, "a checkpointed block must compute a new tensor")
  return output.recorded(true, as: .checkpoint(body))
}
