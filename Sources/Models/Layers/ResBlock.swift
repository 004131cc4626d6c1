import DiffusionCheckpoints
import TensorCore

/// A residual block, conditioned on the timestep embedding:
/// `x → skip(x) + conv(SiLU(norm(conv(SiLU(norm(x))) ⊕ emb)))`.
///
/// The embedding passes through SiLU and a linear layer. It is either added before the second normalisation (Ho et
/// al. 2020) or gives a scale and a shift after it: `norm(h)·(1 + scale) + shift` (Nichol & Dhariwal 2021, §3). In
/// guided-diffusion some blocks resample both branches, the residual one after its first SiLU (Dhariwal & Nichol 2021,
/// §3, after BigGAN).
public struct ResBlock: TimestepBlock {
  let useScaleShiftNorm: Bool
  let resampling: Resampling
  let inNorm: GroupNormalization
  let inConv: Convolution
  let embLinear: Linear
  let outNorm: GroupNormalization
  let dropout: Dropout
  let outConv: Convolution
  /// nil if the number of channels stays the same.
  let skipConnection: Convolution?
  let activatesEmbedding: Bool
  let useCheckpoint: Bool

  /// The block under `weights` from `channels` to `outChannels` channels, whose output has been halved `level` times.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(
    _ weights: Weights, configuration: UNetConfiguration, level: Int, channels: Int, outChannels: Int,
    resampling: Resampling = .none
  ) throws(CheckpointError) {
    useScaleShiftNorm = configuration.useScaleShiftNorm
    useCheckpoint = configuration.useCheckpoint
    activatesEmbedding = configuration.activatesEmbedding
    self.resampling = resampling
    let inLayers = weights.scope("in_layers")
    inNorm = try GroupNormalization(inLayers.scope("0"), configuration: configuration, channels)
    inConv = try Convolution(
      inLayers.scope("2"), configuration: configuration, level: level, inChannels: channels, outChannels: outChannels,
      kernel: 3)
    embLinear = try Linear(
      weights.scope("emb_layers.1"), configuration.timeEmbedDim, useScaleShiftNorm ? 2 * outChannels : outChannels)
    let outLayers = weights.scope("out_layers")
    outNorm = try GroupNormalization(outLayers.scope("0"), configuration: configuration, outChannels)
    dropout = Dropout(probability: Float(configuration.dropout), name: outLayers.name("2"))
    outConv = try Convolution(
      outLayers.scope("3"), configuration: configuration, level: level, inChannels: outChannels,
      outChannels: outChannels, kernel: 3, zero: true)
    skipConnection =
      channels == outChannels
      ? nil
      : try Convolution(
        weights.scope("skip_connection"), configuration: configuration, level: level, inChannels: channels,
        outChannels: outChannels, kernel: 1)
  }

  /// `[N, timeEmbedDim]` → `[N, 2 · outChannels]`, scales and then shifts, or `[N, outChannels]`.
  public func project(_ emb: Tensor) -> Tensor {
    embLinear(activatesEmbedding ? emb.silu() : emb)
  }

  /// `x`, `[N, H, W, channels]`, and the projection of the embedding → `[N, H, W, outChannels]`, resampled.
  public func callAsFunction(_ x: FusedInput, _ projection: Tensor) -> Tensor {
    checkpoint(useCheckpoint) {
      var h = inConv(resampling(inNorm(x, silu: true)))
      let x = resampling(x)
      if !useScaleShiftNorm { h = h.addingToChannels(projection) }
      return outConv(
        dropout(outNorm(FusedInput(h), scaleShift: useScaleShiftNorm ? projection : nil, silu: true)),
        adding: skipConnection?(x) ?? x.tensor())
    }
  }

  /// See `TimestepBlock`.
  public func countFlops(_ size: inout [Int]) -> Flops {
    size = resampling.size(size)
    var flops = embLinear.flops(pixels: 1)
    flops += inConv.countFlops(&size)
    flops += outConv.countFlops(&size)
    if let skipConnection { flops += skipConnection.countFlops(&size) }
    return flops
  }
}
