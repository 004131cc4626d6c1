/// The gradients computed by a backward pass, by the tensors' names.
public struct Gradients {
  private var byName: [TensorName: Tensor] = [:]

  /// No gradients.
  init() {}

  /// The gradient with respect to a watched tensor, in its shape; nil if the result did not depend on it.
  public func of(_ x: Tensor) -> Tensor? { x.recordedName.flatMap { byName[$0] }?.reshaped(x.shape) }

  mutating func take(_ name: TensorName?) -> Tensor? { name.flatMap { byName.removeValue(forKey: $0) } }

  func has(_ name: TensorName) -> Bool { byName[name] != nil }

  /// Moves the gradient of `name` to `newName`, or discards it.
  mutating func rename(_ name: TensorName, _ newName: TensorName?) { set(newName, take(name)) }

  mutating func set(_ name: TensorName?, _ gradient: Tensor?) {
    if let name, let gradient { byName[name] = gradient }
  }

  mutating func add(_ name: TensorName?, _ gradient: @autoclosure () -> Tensor) {
    guard let name else { return }
    let term = gradient()
    byName[name] = take(name).map { $0 + term.reshaped($0.shape) } ?? term
  }
}

extension GradientTape {
  /// Backpropagates from `output` (reverse-mode differentiation): adds to the gradients of variables, and returns those
  /// of watched tensors. Empties the tape.
  ///
  /// - Parameters:
  ///   - output: the result recorded last, or any before it.
  ///   - gradient: dL/d`output`, in its shape.
  public func backward(from output: Tensor, _ gradient: Tensor) -> Gradients {
    precondition(gradient.shape == output.shape, "\(gradient.shape) is not a gradient of a tensor \(output.shape)")
    var gradients = Gradients()
    gradients.set(output.recordedName, gradient)
    // The backward pass itself is not recorded.
    GradientTape.$current.withValue(nil) { backpropagate(&gradients) }
    return gradients
  }

  private func backpropagate(_ gradients: inout Gradients) {
    while let entry = entries.popLast() {
      if case .checkpoint(let body) = entry.operation {
        backpropagate(evaluating: body, from: entry.output, &gradients)
      } else if let gradient = gradients.take(entry.output) {
        backpropagate(through: entry.operation, gradient, &gradients)
      }
    }
  }

  private func backpropagate(through operation: Operation, _ gradient: Tensor, _ gradients: inout Gradients) {
    switch operation {
    case .convolution(let layer, let input, let residual):
      gradients.add(residual, gradient)
      layer.addParameterGradients(gradient, input: input)
      backpropagate(into: input, &gradients) { layer.inputGradient(gradient, shape: input.shape, adding: $0) }
    case .linear(let layer, let input, let residual):
      gradients.add(residual, gradient)
      layer.addParameterGradients(gradient, input: input)
      backpropagate(into: input, &gradients) { layer.inputGradient(gradient, adding: $0) }
    case .materialized(let input):
      backpropagate(into: input, &gradients) { sum in sum.map { $0 + gradient } ?? gradient }
    case .attention(let qkv, let heads, let order, let scale):
      gradients.add(qkv.recordedName, qkv.attentionGradient(gradient, heads: heads, order: order, scale: scale))
    case .silu(let x):
      gradients.add(x.recordedName, x.siluGradient(gradient))
    case .sum(let a, let b):
      gradients.add(a, gradient)
      gradients.add(b, gradient)
    case .sumOfChannels(let x, let offsets):
      gradients.add(x, gradient)
      gradients.add(offsets, gradient.sumOfPicturePixels())
    case .averagePooling(let x, let shape):
      gradients.add(x, gradient.averagePoolingGradient(shape: shape))
    case .embedding(let table, let rows):
      table.addToGradient(gradient, rows: rows)
    case .channelsLast(let x):
      gradients.add(x, gradient.channelsFirst())
    case .channelsFirst(let x):
      gradients.add(x, gradient.channelsLast())
    case .poolingTokens(let x, let shape, let places):
      let terms = gradient.poolingTokensGradient(shape: shape)
      gradients.add(x, terms.activation)
      places?.addToGradient(terms.places)
    case .firstPositions(let x, let shape):
      gradients.add(x, gradient.firstPositionsGradient(shape: shape))
    case .dropout(let x, let mask):
      gradients.add(x, mask.applied(to: gradient))
    case .checkpoint: preconditionFailure("checkpoints are recomputed by the caller")
    }
  }

  /// Recomputes a checkpointed block and backpropagates through it. To save memory, neither the block's output nor
  /// another reference to its gradient is held meanwhile, so that `gradients` can overwrite the gradient in place.
  private func backpropagate(evaluating body: () -> Tensor, from output: TensorName, _ gradients: inout Gradients) {
    guard gradients.has(output) else { return }
    let inner = GradientTape()
    gradients.rename(output, inner.outputName(of: body))
    inner.backpropagate(&gradients)
  }

  private func outputName(of body: () -> Tensor) -> TensorName? {
    GradientTape.$current.withValue(self) { body() }.recordedName
  }

  /// Propagates the gradient of a fused input to its parts. `gradient` returns the input's gradient, added to `sum` if
  /// there is one.
  private func backpropagate(
    into input: FusedInput, _ gradients: inout Gradients, _ gradient: (_ sum: Tensor?) -> Tensor
  ) {
    guard input.isRecorded else { return }
    let names = input.partNames
    var sums = names.map { gradients.take($0) }
    if input.plain != nil {
      gradients.set(names[0], gradient(sums[0]?.reshaped(input.shape)))
      return
    }
    var whole = gradient(nil)
    let found = input.gradients(&whole, adding: &sums)
    for (name, part) in zip(names, found.parts) { gradients.set(name, part) }
    if let scaleShift = found.scaleShift { gradients.add(input.scaleShiftName, scaleShift) }
  }
}
