import DiffusionCheckpoints
import TensorCore

/// Halves the resolution by a convolution of stride 2, or by averaging if the resampling is not learned. With three
/// spatial dimensions the first keeps its size.
public struct Downsample: Layer {
  /// None where pixels are averaged.
  let op: Convolution?

  /// The layer under `weights` for activations of `channels`, whose output has been halved `level` times.
  ///
  /// - Throws: `CheckpointError` where a tensor is missing or has another shape.
  public init(_ weights: Weights, configuration: UNetConfiguration, level: Int, channels: Int) throws(CheckpointError) {
    op =
      configuration.convResample
      ? try Convolution(
        weights.scope("op"), configuration: configuration, level: level, inChannels: channels, outChannels: channels,
        kernel: 3, stride: resamplingFactors(dims: configuration.dims), padding: configuration.downsamplePadding)
      : nil
  }

  /// `[N, H, W, C]` → `[N, ⌈H/2⌉, ⌈W/2⌉, C]` (averaging rounds down).
  public func callAsFunction(_ x: Tensor) -> Tensor { op?(x) ?? x.averagePooled() }

  /// See `Layer`.
  public func countFlops(_ size: inout [Int]) -> Flops {
    if let op { return op.countFlops(&size) }
    size = Resampling.down.size(size)
    return Flops()
  }
}
