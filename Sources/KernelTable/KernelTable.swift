/// The inner loops of one instruction set. TensorCore splits an operation into tiles, strips and rows; these do the
/// arithmetic, over raw memory, on one thread.
///
/// Every kernel computes an output element by the same sequence of roundings wherever the element falls in a tile or a
/// strip, so that results do not depend on batch size or threads.
public struct KernelTable: Sendable {
  /// `baseline`, `avx2` or `avx512`: what the environment variable `SAMPLE_KERNELS` takes.
  public let name: String

  /// The rows (pixels) of a matrix tile.
  public let tileRows: Int

  /// The columns (output channels) of a matrix tile; packed weights come in panels of this width.
  public let tileColumns: Int

  /// One tile of a product of gathered rows with a packed panel, the core of convolutions, linear layers and attention:
  /// `out[r · outStride + c] = bias[c] + Σ_tap Σ_k rows[tap · tileRows + r][k] · panel[(tap · depth + k) · tileColumns + c]`
  /// for all `r` in `0 ..< tileRows`, `c` in `0 ..< tileColumns`. A caller with fewer rows repeats one of them.
  public typealias MultiplyTile =
    @Sendable (
      _ rows: UnsafePointer<UnsafePointer<Float>>, _ taps: Int, _ depth: Int, _ panel: UnsafePointer<Float>,
      _ bias: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) -> Void
  /// See `MultiplyTile`.
  public let multiplyTile: MultiplyTile

  /// First and second moments of each channel about a centre near its mean, so that nothing cancels:
  /// `sums[c] = Σ_p (x[p, c] - centre[c])`, `squares[c] = Σ_p (x[p, c] - centre[c])²` over `pixels` rows of `channels`
  /// (a multiple of 16) floats.
  public typealias ChannelMoments =
    @Sendable (
      _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ centre: UnsafePointer<Float>,
      _ sums: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `ChannelMoments`.
  public let channelMoments: ChannelMoments

  /// `out[p, c] = f((x[p, c] - mean[c]) · scale[c] + shift[c])`, `f` being SiLU where `silu` is true, else nothing;
  /// `channels` is a multiple of 16.
  public typealias Normalize =
    @Sendable (
      _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ mean: UnsafePointer<Float>,
      _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, _ silu: Bool, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `Normalize`.
  public let normalize: Normalize

  /// `out[i] = x[i] · σ(x[i])` (Elfwing et al. 2017).
  public typealias SiLU =
    @Sendable (_ x: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>) -> Void
  /// See `SiLU`.
  public let silu: SiLU

  /// `row[i] = exp(row[i] - max row) / Σ_j exp(row[j] - max row)`, in place.
  public typealias Softmax = @Sendable (_ row: UnsafeMutablePointer<Float>, _ count: Int) -> Void
  /// See `Softmax`.
  public let softmax: Softmax

  /// `out[i] = a[i] + b[i]`; `out` may be `a` or `b`.
  public typealias Add =
    @Sendable (
      _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `Add`.
  public let add: Add

  /// A table of the given kernels.
  public init(
    name: String, tileRows: Int, tileColumns: Int, multiplyTile: @escaping MultiplyTile,
    channelMoments: @escaping ChannelMoments, normalize: @escaping Normalize, silu: @escaping SiLU,
    softmax: @escaping Softmax, add: @escaping Add
  ) {
    self.name = name
    self.tileRows = tileRows
    self.tileColumns = tileColumns
    self.multiplyTile = multiplyTile
    self.channelMoments = channelMoments
    self.normalize = normalize
    self.silu = silu
    self.softmax = softmax
    self.add = add
  }
}
