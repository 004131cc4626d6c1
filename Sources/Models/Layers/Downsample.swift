import DiffusionCheckpoints
import TensorCore

/// Halves the resolution by a convolution of stride 2, or by average pooling if resampling is not learned. With three
/// spatial dimensions the first keeps its size.
public struct Downsample: Layer {
  /// nil for average pooling.
  let op: Convolution?

  /// The layer under `weights` for activations of `channels` channels, whose output is at level `level`: halved that
  /// many times.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  public init(_ weights: Weights, configuration: UNetConfiguration, level: Int, channels: Int) throws(CheckpointError) {
    op =
      configuration.convResample
      ? try Convolution(
        weights.scope("op"), configuration: configuration, level: level, inChannels: channels, outChannels: channels,
        kernel: 3, stride: resamplingFactors(dims: configuration.dims), padding: configuration.downsamplePadding)
      : nil
  }

  /// `[N, H, W, C]` → `[N, ⌈H/2⌉, ⌈W/2⌉, C]` (average pooling and padding at the end round down).
  public func callAsFunction(_ x: Tensor) -> Tensor { op?(x) ?? x.averagePooled() }

  /// See `Layer`.
  public func countFlops(_ size: inout [Int]) -> Flops {
    if let op { return op.countFlops(&size) }
    size = Resampling.down.size(size)
    return Flops()
  }
}
