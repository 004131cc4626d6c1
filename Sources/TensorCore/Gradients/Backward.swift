/// The gradients that a backward pass has found, by the names of tensors.
public struct Gradients {
  private var byName: [TensorName: Tensor] = [:]

  /// None yet.
  init() {}

  /// The gradient with respect to a watched tensor, in its shape; nil if nothing depended on it.
  public func of(_ x: Tensor) -> Tensor? { x.recordedName.flatMap { byName[$0] }?.reshaped(x.shape) }

  mutating func take(_ name: TensorName?) -> Tensor? { name.flatMap { byName.removeValue(forKey: $0) } }

  func has(_ name: TensorName) -> Bool { byName[name] != nil }

  /// Makes the gradient of `name` that of `newName`, or that of nothing.
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
  /// Goes back through what led to `output` (reverse-mode differentiation): adds to the gradients of variables, and returns those of
  /// watched tensors. The recording is empty afterwards.
  ///
  /// - Parameters:
  ///   - output: what was recorded last, or anything before it.
  ///   - gradient: dL/d`output`, of its shape.
  public func backward(from output: Tensor, _ gradient: Tensor) -> Gradients {
    precondition(gradient.shape == output.shape, "\(gradient.shape) is not a gradient of a tensor \(output.shape)")
    var gradients = Gradients()
    gradients.set(output.recordedName, gradient)
    // What going back computes is of no interest to a recording.
    GradientTape.$current.withValue(nil) { goBack(&gradients) }
    return gradients
  }

  private func goBack(_ gradients: inout Gradients) {
    while let entry = entries.popLast() {
      if case .checkpoint(let body) = entry.operation {
        goBack(evaluating: body, from: entry.output, &gradients)
      } else if let gradient = gradients.take(entry.output) {
        goBack(through: entry.operation, gradient, &gradients)
      }
    }
  }

  private func goBack(through operation: Operation, _ gradient: Tensor, _ gradients: inout Gradients) {
    switch operation {
    case .convolution(let layer, let input, let residual):
      gradients.add(residual, gradient)
      layer.addParameterGradients(gradient, input: input)
      goBack(into: input, &gradients) { layer.inputGradient(gradient, shape: input.shape, adding: $0) }
    case .linear(let layer, let input, let residual):
      gradients.add(residual, gradient)
      layer.addParameterGradients(gradient, input: input)
      goBack(into: input, &gradients) { layer.inputGradient(gradient, adding: $0) }
    case .writtenOut(let input):
      goBack(into: input, &gradients) { sum in sum.map { $0 + gradient } ?? gradient }
    case .attention(let qkv, let heads, let order):
      gradients.add(qkv.recordedName, qkv.attentionGradient(gradient, heads: heads, order: order))
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
      places?.addGradient(terms.places)
    case .firstPositions(let x, let shape):
      gradients.add(x, gradient.firstPositionsGradient(shape: shape))
    case .dropout(let x, let mask):
      gradients.add(x, mask.applied(to: gradient))
    case .checkpoint: preconditionFailure("gone back through by whoever holds the gradient alone")
    }
  }

  /// Goes back through what a checkpoint did, which is done again. Nothing is held meanwhile but what the way back needs: not what
  /// is put out, which nobody reads again, and its gradient only in `gradients`, which may write over it.
  private func goBack(evaluating body: () -> Tensor, from output: TensorName, _ gradients: inout Gradients) {
    guard gradients.has(output) else { return }
    let inner = GradientTape()
    gradients.rename(output, inner.outputName(of: body))
    inner.goBack(&gradients)
  }

  private func outputName(of body: () -> Tensor) -> TensorName? {
    GradientTape.$current.withValue(self) { body() }.recordedName
  }

  /// Passes the gradient of an input on to what it was put together from. `gradient` gives it, added to a sum where there is one.
  private func goBack(
    into input: FusedInput, _ gradients: inout Gradients, _ gradient: (_ sum: Tensor?) -> Tensor
  ) {
    guard input.isRecorded else { return }
    let names = input.partNames
    var sums = names.map { gradients.take($0) }
    if input.isPlain {
      gradients.set(names[0], gradient(sums[0]?.reshaped(input.shape)))
      return
    }
    var whole = gradient(nil)
    let found = input.gradients(&whole, adding: &sums)
    for (name, part) in zip(names, found.parts) { gradients.set(name, part) }
    if let scaleShift = found.scaleShift { gradients.add(input.scaleShiftName, scaleShift) }
  }
}
