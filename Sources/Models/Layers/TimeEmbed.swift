import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The timestep embedding of all blocks (`time_embed`): sinusoids, then two linear layers with SiLU between them.
struct TimeEmbed: Sendable {
  let form: TimestepEmbedding
  let first: Linear
  let second: Linear

  init(_ weights: Weights, configuration: UNetConfiguration) throws(CheckpointError) {
    form = configuration.timestepEmbedding
    let inner = 4 * configuration.modelChannels
    first = try Linear(weights.scope("time_embed.0"), configuration.modelChannels, inner)
    second = try Linear(weights.scope("time_embed.2"), inner, configuration.timeEmbedDim)
  }

  /// `[N]` → `[N, timeEmbedDim]`.
  func callAsFunction(_ timesteps: [Float]) -> Tensor {
    second(first(form(timesteps, dim: first.inFeatures)).silu())
  }

  /// The multiply-adds for one timestep.
  func countFlops() -> Flops {
    var flops = first.flops(pixels: 1)
    flops += second.flops(pixels: 1)
    return flops
  }
}
