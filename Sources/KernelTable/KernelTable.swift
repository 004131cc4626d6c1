/// The inner loops of one instruction set. TensorCore splits an operation into tiles, strips and rows; these do the
/// arithmetic, over raw memory, on one thread.
///
/// Every kernel computes an output element by the same sequence of roundings wherever the element falls in a tile or a
/// strip, so that results do not depend on batch size or threads.
///
/// A class, so that a layer, which holds one, is copied without touching two dozen functions' reference counts.
public final class KernelTable: Sendable {
  /// `baseline`, `avx2` or `avx512`: what the environment variable `SAMPLE_KERNELS` takes.
  public let name: String

  /// The rows (pixels) of a matrix tile.
  public let tileRows: Int

  /// The columns (output channels) of a matrix tile; packed weights come in panels of this width.
  public let tileColumns: Int

  /// One tile of a product of gathered rows with a packed panel, the core of convolutions and linear layers:
  /// `out[r · outStride + c] = bias[c] + Σ_tap Σ_k rows[tap · rowCount + r][k] · panel[(tap · depth + k) · tileColumns + c]`,
  /// plus `residual[r · outStride + c]` where there is a residual, for all `r` in `0 ..< rowCount`, 1 to `tileRows`, and `c`
  /// in `0 ..< tileColumns`. Meanwhile what lies behind the panel, usually the next one, is fetched.
  public typealias MultiplyTile =
    @Sendable (
      _ rows: UnsafePointer<UnsafePointer<Float>>, _ rowCount: Int, _ taps: Int, _ depth: Int,
      _ panel: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?,
      _ out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) -> Void
  /// See `MultiplyTile`.
  public let multiplyTile: MultiplyTile

  /// A product of blocked rows with a packed panel, the core of Winograd's convolution:
  /// `out[r · outStride + c] = start + Σ_k a(r, k) · panel[k · tileColumns + c]` for `r` in `0 ..< rowCount` and `k` in
  /// `0 ..< 16 · blocks`; the start is what `out` holds if `accumulate` is true, else 0. Rows come in tiles of `tileHeight`, 1 to
  /// `tileRows`, the last of which may be lower: `a(r, k)` lies at
  /// `a + r / tileHeight · tileStride + k / 16 · blockStride + r % tileHeight · 16 + k % 16`. Meanwhile, `linesAhead` cache lines
  /// for each block of a tile are fetched from `ahead` on, which may be any address.
  public typealias MultiplyBlocks =
    @Sendable (
      _ a: UnsafePointer<Float>, _ rowCount: Int, _ tileHeight: Int, _ tileStride: Int, _ blockStride: Int,
      _ blocks: Int, _ panel: UnsafePointer<Float>, _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>,
      _ outStride: Int, _ ahead: UnsafePointer<Float>, _ linesAhead: Int
    ) -> Void
  /// See `MultiplyBlocks`.
  public let multiplyBlocks: MultiplyBlocks

  /// Scaled dot-product attention (Vaswani et al. 2017, eq. 1) of one head, softmax(q·kᵀ/√d)·v, for some of its queries. The
  /// query of position t is the `depth` floats at `head + t · stride`, its key lies `partStride` floats behind it and its value
  /// as far behind that; there are `length` positions, at least 1. What comes of query t, in `firstQuery ..< endQuery`, is written at `out + t · outStride`.
  /// `scratch` is room for `(2 + depth + tileColumns) · length + 2 · tileColumns · depth` floats.
  public typealias Attend =
    @Sendable (
      _ head: UnsafePointer<Float>, _ stride: Int, _ partStride: Int, _ length: Int, _ depth: Int, _ firstQuery: Int,
      _ endQuery: Int, _ scratch: UnsafeMutablePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) -> Void
  /// See `Attend`.
  public let attend: Attend

  /// Winograd's F(2×2, 3×3).
  public let winogradF2: Winograd
  /// Winograd's F(4×4, 3×3).
  public let winogradF4: Winograd

  /// The transforms of Winograd's F(m×m, 3×3) (Lavin & Gray 2016): tiles of n×n pixels, n = m + 2, become n² points, at each
  /// of which a matrix product takes the place of the convolution, and the products become m×m pixels.
  public final class Winograd: Sendable {
    /// m, the side of what a tile puts out.
    public let outputSide: Int
    /// n = m + 2, the side of what a tile reads.
    public var inputSide: Int { outputSide + 2 }
    /// n².
    public var points: Int { inputSide * inputSide }

    /// Bᵀ·d·B of a tile: pixel (y, x) is read at `pixels + y · rowStride + x · pixelStride`; point p of channel c is written
    /// at `out + p · pointStride + c / 16 · blockStride + c % 16`. `channels` is a multiple of 16.
    public typealias Input =
      @Sendable (
        _ pixels: UnsafePointer<Float>, _ rowStride: Int, _ pixelStride: Int, _ channels: Int,
        _ out: UnsafeMutablePointer<Float>, _ pointStride: Int, _ blockStride: Int
      ) -> Void
    /// See `Input`.
    public let input: Input

    /// G·g·Gᵀ of 3×3 weights: tap t of input channel k is read at `panel + (9 · k + t) · tileColumns`, `tileColumns` output
    /// channels at a time; point p is written at `out + p · pointStride + k · tileColumns`. Meanwhile, for each k as much as four
    /// taps is fetched from `ahead` on, if it is not nil.
    public typealias Weights =
      @Sendable (
        _ panel: UnsafePointer<Float>, _ depth: Int, _ out: UnsafeMutablePointer<Float>, _ pointStride: Int,
        _ ahead: UnsafePointer<Float>?
      ) -> Void
    /// See `Weights`.
    public let weights: Weights

    /// Aᵀ·m·A + bias + residual of one tile: point p of `tileColumns` channels is read at `products + p · pointStride`; of the
    /// pixels, the first `rows` × `columns` are written at `out + y · rowStride + x · pixelStride`, and the residual is read
    /// likewise.
    public typealias Output =
      @Sendable (
        _ products: UnsafePointer<Float>, _ pointStride: Int, _ bias: UnsafePointer<Float>,
        _ residual: UnsafePointer<Float>?, _ out: UnsafeMutablePointer<Float>, _ rowStride: Int, _ pixelStride: Int,
        _ rows: Int, _ columns: Int
      ) -> Void
    /// See `Output`.
    public let output: Output

    /// The given transforms.
    public init(outputSide: Int, input: @escaping Input, weights: @escaping Weights, output: @escaping Output) {
      self.outputSide = outputSide
      self.input = input
      self.weights = weights
      self.output = output
    }
  }

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

  /// `out[p · outStride + c] = f((x[p · stride + c] - mean[c]) · scale[c] + shift[c])`, `f` being SiLU where `silu` is true,
  /// else nothing; `channels` is a multiple of 16.
  public typealias Normalize =
    @Sendable (
      _ x: UnsafePointer<Float>, _ stride: Int, _ pixels: Int, _ channels: Int, _ mean: UnsafePointer<Float>,
      _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, _ silu: Bool, _ out: UnsafeMutablePointer<Float>,
      _ outStride: Int
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

  /// Multiply-adds in registers alone, `iterations` rounds of them, to measure the most that a core can do; reads two floats
  /// at `numbers`, overwrites the first, and returns the number of multiply-adds.
  public typealias MultiplyAdds = @Sendable (_ iterations: Int, _ numbers: UnsafeMutablePointer<Float>) -> Int
  /// See `MultiplyAdds`.
  public let multiplyAdds: MultiplyAdds

  /// The loops of backward passes.
  public let gradients: GradientKernels
  /// The loops that only move numbers.
  public let packing: PackingKernels
  /// The loops of a training step.
  public let optimizer: OptimizerKernels

  /// A table of the given kernels.
  public init(
    name: String, tileRows: Int, tileColumns: Int, multiplyTile: @escaping MultiplyTile,
    multiplyBlocks: @escaping MultiplyBlocks, attend: @escaping Attend, winogradF2: Winograd, winogradF4: Winograd,
    channelMoments: @escaping ChannelMoments, normalize: @escaping Normalize, silu: @escaping SiLU,
    softmax: @escaping Softmax, add: @escaping Add, multiplyAdds: @escaping MultiplyAdds,
    gradients: GradientKernels, packing: PackingKernels, optimizer: OptimizerKernels
  ) {
    self.name = name
    self.tileRows = tileRows
    self.tileColumns = tileColumns
    self.multiplyTile = multiplyTile
    self.multiplyBlocks = multiplyBlocks
    self.attend = attend
    self.winogradF2 = winogradF2
    self.winogradF4 = winogradF4
    self.channelMoments = channelMoments
    self.normalize = normalize
    self.silu = silu
    self.softmax = softmax
    self.add = add
    self.multiplyAdds = multiplyAdds
    self.gradients = gradients
    self.packing = packing
    self.optimizer = optimizer
  }
}
