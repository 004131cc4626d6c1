import DiffusionCheckpoints
import TensorCore

/// Doubles the resolution by nearest upsampling, followed by a convolution if resampling is learned. With three spatial
/// dimensions the first keeps its size.
public struct Upsample: Layer {
  let conv: Convolution?

  /// The layer under `weights` for activations of `channels` channels, whose output is at level `level`: halved that
  /// many times.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  public init(_ weights: Weights, configuration: UNetConfiguration, level: Int, channels: Int) throws(CheckpointError) {
    conv =
      configuration.convResample
      ? try Convolution(
        weights.scope("conv"), configuration: configuration, level: level, inChannels: channels, outChannels: channels,
        kernel: 3)
      : nil
  }

  /// `[N, H, W, C]` → `[N, 2H, 2W, C]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let upsampled = FusedInput(x).upsampledNearest()
    return conv?(upsampled) ?? upsampled.tensor()
  }

  /// See `Layer`.
  public func countFlops(_ size: inout [Int]) -> Flops {
    size = Resampling.up.size(size)
    return conv?.countFlops(&size) ?? Flops()
  }
}
