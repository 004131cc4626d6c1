/// The inner loops over pixels' channels that only some code bases' networks need.
public final class RowKernels: Sendable {
  /// `out[c] = Σ_t weights[t] · rows[t][c]` over `taps` rows of `count` floats, at least 1 of them: a pixel of a
  /// depthwise filter with the same weights for all channels.
  public typealias WeightedSum =
    @Sendable (
      _ rows: UnsafePointer<UnsafePointer<Float>>, _ weights: UnsafePointer<Float>, _ taps: Int, _ count: Int,
      _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `WeightedSum`.
  public let weightedSum: WeightedSum

  /// `out[c] = max_t rows[t][c]` over `taps` rows of `count` floats, at least 1 of them.
  public typealias Maximum =
    @Sendable (
      _ rows: UnsafePointer<UnsafePointer<Float>>, _ taps: Int, _ count: Int, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `Maximum`.
  public let maximum: Maximum

  /// `x[r][c] = max(x[r][c], 0)` for the first `count` floats of each of `rows` rows; NaN remains.
  public typealias Rectify = @Sendable (_ x: KernelTable.MutableRows, _ rows: Int, _ count: Int) -> Void
  /// See `Rectify`.
  public let rectify: Rectify

  /// `out[i] = factor · x[i]`; `out` may be `x`.
  public typealias Scale =
    @Sendable (_ x: UnsafePointer<Float>, _ factor: Float, _ count: Int, _ out: UnsafeMutablePointer<Float>) -> Void
  /// See `Scale`.
  public let scale: Scale

  /// How a pixel's channels are normalised: x / max(‖x‖, ε), or (x - mean) / √(variance + ε) if it is centred, then
  /// times `scale` and plus `shift`, both of as many floats as there are channels.
  public struct ChannelNormalization {
    /// The factor of each channel.
    public let scale: UnsafePointer<Float>
    /// What is added to each channel; nil for nothing.
    public let shift: UnsafePointer<Float>?
    /// Whether the mean is subtracted.
    public let isCentred: Bool
    /// ε.
    public let epsilon: Float

    /// The given parameters.
    @inlinable public init(
      scale: UnsafePointer<Float>, shift: UnsafePointer<Float>?, isCentred: Bool, epsilon: Float
    ) {
      (self.scale, self.shift, self.isCentred, self.epsilon) = (scale, shift, isCentred, epsilon)
    }
  }

  /// `out[p] = f(norm(x[p])) + residual[p]` for pixels p of `channels` floats, f being SiLU if `silu` is true, else the
  /// identity. `residual` may be nil; `out` may be `x`.
  public typealias NormalizeChannels =
    @Sendable (
      _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ form: ChannelNormalization, _ silu: Bool,
      _ residual: UnsafePointer<Float>?, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `NormalizeChannels`.
  public let normalizeChannels: NormalizeChannels

  /// `maxima[c] = max(maxima[c], x[t][c])` over `count` rows of `channels` floats.
  public typealias ColumnMaxima =
    @Sendable (_ x: KernelTable.Rows, _ count: Int, _ channels: Int, _ maxima: UnsafeMutablePointer<Float>) -> Void
  /// See `ColumnMaxima`.
  public let columnMaxima: ColumnMaxima

  /// Adds the products of `count` values and weighted keys of one head: `out[e][d] += values[t][e] · w[t][d]` with
  /// `w[t][d] = exp(keys[t][d] - maxima[d])`, and Σ_t w[t][d] to a last row. Rows of `out`, `depth` + 1 of them, and of
  /// `scratch`, `count` of them, have `depth` floats rounded up to a multiple of 16. The rows of `values` lie as far
  /// apart as those of `keys`.
  public typealias WeighKeys =
    @Sendable (
      _ keys: KernelTable.Rows, _ values: UnsafePointer<Float>, _ count: Int, _ depth: Int,
      _ maxima: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `WeighKeys`.
  public let weighKeys: WeighKeys

  /// The softmax of each of `groups` groups of `depth` floats in each of `count` rows, which are contiguous in `out`.
  public typealias SoftmaxGroups =
    @Sendable (
      _ x: KernelTable.Rows, _ count: Int, _ groups: Int, _ depth: Int, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `SoftmaxGroups`.
  public let softmaxGroups: SoftmaxGroups

  /// A table of the given kernels.
  public init(
    weightedSum: @escaping WeightedSum, maximum: @escaping Maximum, rectify: @escaping Rectify,
    scale: @escaping Scale, normalizeChannels: @escaping NormalizeChannels,
    columnMaxima: @escaping ColumnMaxima, weighKeys: @escaping WeighKeys, softmaxGroups: @escaping SoftmaxGroups
  ) {
    self.weightedSum = weightedSum
    self.maximum = maximum
    self.rectify = rectify
    self.scale = scale
    self.normalizeChannels = normalizeChannels
    self.columnMaxima = columnMaxima
    self.weighKeys = weighKeys
    self.softmaxGroups = softmaxGroups
  }
}
