extension Linear {
  /// What a layer holds if gradients are needed.
  static func forGradients(
    _ weight: Parameter, _ bias: Parameter
  ) -> (variables: (weight: Variable, bias: Variable)?, transposed: Lazy<PackedWeights>?) {
    guard let weightVariable = weight.variable, let biasVariable = bias.variable else { return (nil, nil) }
    return ((weightVariable, biasVariable), Lazy(of: weight) { PackedWeights(transposing: weight.tensor()) })
  }

  /// The gradient of the input, `[…, I]`, given that of the output, `[…, O]`, added to `sum`.
  func inputGradient(_ gradient: Tensor, adding sum: Tensor? = nil) -> Tensor {
    guard let transposed else { preconditionFailure("the layer was built without variables") }
    return LayerProfile.measure({ "gradient of the input of linear, \(inFeatures) → \(outFeatures)" }) {
      transposed.value.product(gradient, adding: sum)
    }
  }

  /// Adds to the gradients of the weight and the bias, given that of the output for `input`.
  func addParameterGradients(_ gradient: Tensor, input: FusedInput) {
    guard let variables, !variables.weight.isFrozen else { return }
    LayerProfile.measure({ "gradient of the weight of linear, \(inFeatures) → \(outFeatures)" }) {
      variables.bias.addToGradient(gradient.sumOfPixels())
      PixelwiseWeightGradient(taps: 1, depth: inFeatures, columns: outFeatures)
        .add(gradient, input: input, to: variables.weight)
    }
  }
}
