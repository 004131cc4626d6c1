// The operations of attention pooling other than attention.

extension Tensor {
  /// Prepends the mean of an activation's positions and adds positional embeddings: `[N, T, C]`, `[T + 1, C]` →
  /// `[N, T + 1, C]`.
  ///
  /// - Parameters:
  ///   - places: the positional embeddings.
  ///   - variable: the variable they come from, `[C, T + 1]`, if gradients are needed.
  public func withMeanInFront(adding places: Tensor, of variable: Variable? = nil) -> Tensor {
    let (batch, positions, channels) = (shape[0], shape[1], shape[2])
    precondition(
      places.shape == [positions + 1, channels], "\(shape) cannot take positional embeddings of shape \(places.shape)")
    return withUnsafePointer { source in
      places.withUnsafePointer { places in
        Tensor([batch, positions + 1, channels]) { out in
          ThreadPool.shared.forEach(batch) { n in
            let (x, target) = (source + n * positions * channels, out + n * (positions + 1) * channels)
            for c in 0..<channels {
              var sum = 0.0
              for t in 0..<positions { sum += Double(x[t * channels + c]) }
              target[c] = Float(sum / Double(positions)) + places[c]
            }
            for i in 0..<positions * channels { target[channels + i] = x[i] + places[channels + i] }
          }
        }
      }
    }.recorded(
      recordedName != nil || variable?.isFrozen == false,
      as: .poolingTokens(recordedName, shape: shape, positions: variable?.isFrozen == false ? variable : nil))
  }

  /// The first position of each sequence: `[N, T, C]` → `[N, C]`.
  public func firstPositions() -> Tensor {
    let (batch, stride, channels) = (shape[0], shape[1] * shape[2], shape[2])
    return withUnsafePointer { source in
      Tensor([batch, channels]) { out in
        for n in 0..<batch { (out + n * channels).update(from: source + n * stride, count: channels) }
      }
    }.recorded(recordedName != nil, as: .firstPositions(recordedName, shape: shape))
  }
}
