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

  /// `out[i] = factor · x[i]`; `out` may be `x`.
  public typealias Scale =
    @Sendable (_ x: UnsafePointer<Float>, _ factor: Float, _ count: Int, _ out: UnsafeMutablePointer<Float>) -> Void
  /// See `Scale`.
  public let scale: Scale

  /// A table of the given kernels.
  public init(weightedSum: @escaping WeightedSum, scale: @escaping Scale) {
    self.weightedSum = weightedSum
    self.scale = scale
  }
}
