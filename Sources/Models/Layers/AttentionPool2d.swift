import DiffusionCheckpoints
import TensorCore

/// Attention pooling over a picture's positions (Radford et al. 2021, §2.4; guided-diffusion's classifiers): the mean
/// is prepended to the positions, positional embeddings are added, and the output of attention for the mean is
/// projected.
public struct AttentionPool2d: Sendable {
  /// `[T + 1, C]` for T positions, and its variable if gradients are needed.
  let positionalEmbedding: Lazy<Tensor>
  let positionalVariable: Variable?
  let positions: Int
  let qkvProj: Linear
  let attention: QKVAttention
  let cProj: Linear

  /// The layer under `weights` for activations of `channels` channels and `side` × `side` pixels.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(
    _ weights: Weights, side: Int, channels: Int, heads: Int, outChannels: Int
  ) throws(CheckpointError) {
    positions = side * side
    let embedding = try weights.parameter(
      "positional_embedding", [channels, positions + 1], .normal(standardDeviation: 1 / Float(channels).squareRoot()))
    positionalVariable = embedding.variable
    let width = positions + 1
    // Transposed to the layout of activations.
    positionalEmbedding = Lazy(of: embedding) {
      embedding.tensor().reshaped([1] + embedding.shape).channelsLast().reshaped([width, channels])
    }
    qkvProj = try Linear(weights.scope("qkv_proj"), channels, 3 * channels, kernelDims: 1)
    // The original's attention pooling uses the newer order, whatever the rest of the network uses.
    attention = QKVAttention(heads: heads, order: .byPart)
    cProj = try Linear(weights.scope("c_proj"), channels, outChannels, kernelDims: 1)
  }

  /// The output of attention for the mean, which is projected then: `[N, H, W, C]` → `[N, C]`.
  func pooled(_ x: Tensor) -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[x.shape.count - 1])
    precondition(x.count == batch * positions * channels, "pooling of \(positions) positions cannot take \(x.shape)")
    let tokens = x.reshaped([batch, positions, channels])
      .withMeanInFront(adding: positionalEmbedding.value, of: positionalVariable)
    return attention(qkvProj(tokens)).firstPositions()
  }

  /// The multiply-adds for one picture.
  func countFlops() -> Flops {
    var flops = qkvProj.flops(pixels: positions + 1)
    flops += attention.countFlops(positions: positions + 1, channels: qkvProj.inFeatures)
    // The original projects every position and takes the first; only that one is computed here.
    flops += cProj.flops(pixels: 1)
    return flops
  }
}
