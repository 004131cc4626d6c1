/// The inner loops that rearrange weights, rows and gradients into the order in which other kernels read them, or back.
public final class PackingKernels: Sendable {
  /// `out[c · stride + r] = x[r · columns + c]` for `r` in `0 ..< rows` and `c` in `0 ..< columns`.
  public typealias Transpose =
    @Sendable (
      _ x: UnsafePointer<Float>, _ rows: Int, _ columns: Int, _ out: UnsafeMutablePointer<Float>, _ stride: Int
    ) -> Void
  /// See `Transpose`.
  public let transpose: Transpose

  /// `out[t · stride + c] = x[9c + 8 - t]` for `c` in `0 ..< count`: the nine taps of some channels in reverse order.
  public typealias FlipTaps =
    @Sendable (_ x: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>, _ stride: Int) -> Void
  /// See `FlipTaps`.
  public let flipTaps: FlipTaps

  /// `out[9c + t] = start + x[16t + c]` for 16 channels of nine taps; the start is the value in `out` if `accumulate`
  /// is true, else 0.
  public typealias AddTaps =
    @Sendable (_ x: UnsafePointer<Float>, _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>) -> Void
  /// See `AddTaps`.
  public let addTaps: AddTaps

  /// `out[16r + c] = rows[r][first + c]` for 16 channels of `count` rows.
  public typealias PackBlock =
    @Sendable (
      _ rows: UnsafePointer<UnsafePointer<Float>>, _ count: Int, _ first: Int, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `PackBlock`.
  public let packBlock: PackBlock

  /// `out[r · outStride + c] = x[r · stride + c]` for the first `count` floats of each of `rows` rows.
  public typealias CopyRows =
    @Sendable (
      _ x: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ count: Int, _ out: UnsafeMutablePointer<Float>,
      _ outStride: Int
    ) -> Void
  /// See `CopyRows`.
  public let copyRows: CopyRows

  /// `out[c] = Σ_r x[r · channels + c]` over `rows` rows.
  public typealias SumRows =
    @Sendable (_ x: UnsafePointer<Float>, _ rows: Int, _ channels: Int, _ out: UnsafeMutablePointer<Float>) -> Void
  /// See `SumRows`.
  public let sumRows: SumRows

  /// A table of the given kernels.
  public init(
    transpose: @escaping Transpose, flipTaps: @escaping FlipTaps, addTaps: @escaping AddTaps,
    packBlock: @escaping PackBlock, copyRows: @escaping CopyRows, sumRows: @escaping SumRows
  ) {
    self.transpose = transpose
    self.flipTaps = flipTaps
    self.addTaps = addTaps
    self.packBlock = packBlock
    self.copyRows = copyRows
    self.sumRows = sumRows
  }
}
