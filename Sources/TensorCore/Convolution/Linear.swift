/// A fully connected layer: y = x·Wᵀ + b. It acts on the last dimension: on channels-last activations it is a
/// convolution with kernel 1.
public struct Linear: Sendable {
  private let weights: Lazy<PackedWeights>
  /// The parameters, if gradients are needed.
  let variables: (weight: Variable, bias: Variable)?
  /// The transposed weights, which compute the gradient of the input.
  let transposed: Lazy<PackedWeights>?

  /// Input features.
  public let inFeatures: Int
  /// Output features.
  public let outFeatures: Int

  /// A layer of `weight`, `[O, I]` (or `[O, I, 1…]`, that of a convolution with kernel 1), and `bias`, `[O]`.
  public init(weight: Parameter, bias: Parameter) {
    precondition(
      weight.shape.count >= 2 && weight.shape.dropFirst(2).allSatisfy { $0 == 1 },
      "a linear layer cannot have a weight of shape \(weight.shape)")
    (outFeatures, inFeatures) = (weight.shape[0], weight.shape[1])
    weights = Lazy(of: weight, bias) { PackedWeights(weight: weight.tensor(), bias: bias.tensor()) }
    (variables, transposed) = Self.forGradients(weight, bias)
  }

  /// A layer of weights that are already in memory.
  public init(weight: Tensor, bias: Tensor) { self.init(weight: Parameter(weight), bias: Parameter(bias)) }

  /// `[…, I]` → `[…, O]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { self(FusedInput(x)) }

  /// `[…, I]` → `[…, O]`, plus `residual`, which has the output's shape.
  public func callAsFunction(_ input: FusedInput, adding residual: Tensor? = nil) -> Tensor {
    precondition(input.shape.last == inFeatures, "a linear layer of \(inFeatures) inputs cannot take \(input.shape)")
    precondition(
      residual == nil || residual?.shape == input.shape.dropLast() + [outFeatures],
      "cannot add \(residual?.shape ?? []) to the \(outFeatures) outputs for \(input.shape)")
    return LayerProfile.measure(
      { "linear, \(inFeatures) → \(outFeatures)" }, operations: 2 * input.shape.reduce(1, *) * outFeatures
    ) {
      weights.value.product(input, adding: residual).recorded(
        input.isRecorded || residual?.recordedName != nil || variables?.weight.isFrozen == false,
        as: .linear(self, input, residual: residual?.recordedName))
    }
  }
}

extension PackedWeights {
  /// The product of each pixel's channels with weights of one tap.
  func product(_ input: FusedInput, adding residual: Tensor? = nil) -> Tensor {
    if let plain = input.plain { return product(plain, adding: residual) }
    let shape = input.shape
    let rowCount = shape.dropLast().reduce(1, *)
    // With few rows, threads divide the panels, and each would fuse the input again.
    if rowCount < fewestTiles * table.tileRows || !input.isInBlocks { return product(input.tensor(), adding: residual) }
    return input.withReader { reader in
      residual.withUnsafePointerIfAny { residual in
        Tensor(shape.dropLast() + [columns]) { out in
          implicitGEMM(
            rowCount: rowCount, weights: self, out: out, outStride: columns, residual: residual, scratch: depth
          ) { rows, addresses, scratch in reader.gather(rows, scratch, into: addresses) }
        }
      }
    }
  }

  /// `[…, depth]` → `[…, columns]`.
  func product(_ x: Tensor, adding residual: Tensor? = nil) -> Tensor {
    let rowCount = x.shape.dropLast().reduce(1, *)
    return x.withUnsafePointer { source in
      residual.withUnsafePointerIfAny { residual in
        Tensor(x.shape.dropLast() + [columns]) { out in
          implicitGEMM(
            rowCount: rowCount, weights: self, out: out, outStride: columns, residual: residual
          ) { rows, addresses, _ in
            for r in 0..<rows.count { addresses[r] = source + (rows.lowerBound + r) * depth }
          }
        }
      }
    }
  }
}

extension Optional<Tensor> {
  /// For kernels: calls `body` with the address of the first element, valid only during the call, or nil.
  func withUnsafePointerIfAny<R>(_ body: (UnsafePointer<Float>?) -> R) -> R {
    self?.withUnsafePointer { body($0) } ?? body(nil)
  }
}
