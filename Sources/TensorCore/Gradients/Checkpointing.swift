/// Evaluates `body` without keeping intermediate activations, which are computed anew in the backward pass (Chen et al. 2016;
/// `checkpoint` of the original's `nn.py`): memory falls to what `body` captures, for the time of another forward pass.
///
/// - Parameters:
///   - flag: whether to; else `body` is evaluated as usual.
///   - body: a function of what it captures alone: it is called a second time, and must give the same.
public func checkpoint(_ flag: Bool, _ body: @escaping @Sendable () -> Tensor) -> Tensor {
  guard flag, GradientTape.ifAny != nil else { return body() }
  let output = GradientTape.$current.withValue(nil) { body() }
  precondition(output.recordedName == nil, "what is evaluated under a checkpoint must compute something")
  return output.recorded(true, as: .checkpoint(body))
}
