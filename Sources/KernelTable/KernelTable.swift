/// The inner loops of one instruction set. TensorCore splits an operation into tiles, strips and rows; these do the
/// arithmetic, on raw memory and on one thread.
///
/// Every kernel computes an output element by the same sequence of roundings wherever the element falls in a tile or a
/// strip, so results do not depend on batch size or threads.
///
/// A class, so that copying a layer, which holds one, does not touch the reference counts of two dozen functions.
public final class KernelTable: Sendable {
  /// `baseline`, `avx2` or `avx512`: the values of the environment variable `SAMPLE_KERNELS`.
  public let name: String

  /// The rows (pixels) of a matrix tile.
  public let tileRows: Int

  /// The columns (output channels) of a matrix tile; packed weights come in panels of this width.
  public let tileColumns: Int

  /// One tile of the product of gathered rows with a packed panel, the core of convolutions and linear layers:
  /// `out[r][c] = bias[c] + Σ_tap Σ_k rows[tap][r][k] · weights[tap][k][c]` for 1 to `tileRows` rows r and
  /// `tileColumns` columns c, plus `residual[r · out.stride + c]` if there is a residual. The memory behind the panel,
  /// usually the next panel, is prefetched.
  public typealias MultiplyTile =
    @Sendable (_ rows: GatheredRows, _ panel: Panel, _ residual: UnsafePointer<Float>?, _ out: MutableRows) -> Void
  /// See `MultiplyTile`.
  public let multiplyTile: MultiplyTile

  /// The products of blocked rows with packed panels, the core of Winograd's convolution. For each point,
  /// `out[r · tileColumns + c] = start + Σ_k rows[r][k] · panel[k][c]` for all rows r, `tileColumns` columns c and the
  /// given channels k. The start is the value in `out` if `accumulate` is true, else 0. `rows`, `panel` and `out` are
  /// those of the first point.
  public typealias MultiplyBlocks =
    @Sendable (
      _ rows: TiledRows, _ channels: BlockedChannels, _ panel: UnsafePointer<Float>, _ accumulate: Bool,
      _ out: UnsafeMutablePointer<Float>, _ points: ProductPoints, _ ahead: Prefetch
    ) -> Void
  /// See `MultiplyBlocks`.
  public let multiplyBlocks: MultiplyBlocks

  /// Scaled dot-product attention (Vaswani et al. 2017, eq. 1) of one head, softmax(q·kᵀ/√d)·v, for the queries
  /// `firstQuery ..< endQuery`. There are `length` positions, at least 1, of `depth` channels d. The result for query t
  /// is row t of `out`. `scratch` is room for `(2 + depth + tileColumns) · length + 2 · tileColumns · depth` floats.
  public typealias Attend =
    @Sendable (
      _ head: AttentionHead, _ length: Int, _ depth: Int, _ firstQuery: Int, _ endQuery: Int,
      _ scratch: UnsafeMutablePointer<Float>, _ out: MutableRows
    ) -> Void
  /// See `Attend`.
  public let attend: Attend

  /// Winograd's F(2×2, 3×3).
  public let winogradF2: Winograd
  /// Winograd's F(4×4, 3×3).
  public let winogradF4: Winograd

  /// The transforms of Winograd's F(m×m, 3×3) (Lavin & Gray 2016): tiles of n×n pixels, n = m + 2, become n² points, at
  /// each of which a matrix product replaces the convolution, and the products become m×m pixels.
  public final class Winograd: Sendable {
    /// m, the side of a tile's output.
    public let outputSide: Int
    /// n = m + 2, the side of a tile's input.
    public var inputSide: Int { outputSide + 2 }
    /// n².
    public var points: Int { inputSide * inputSide }

    /// Bᵀ·d·B of a tile of n×n pixels, which are 16 or 32 floats apart. `channels` is a multiple of 16.
    public typealias Input = @Sendable (_ pixels: Pixels, _ channels: Int, _ out: Points) -> Void
    /// See `Input`.
    public let input: Input

    /// The points `points` of G·g·Gᵀ of 3×3 weights: tap t of input channel k is read at
    /// `panel + (9 · k + t) · tileColumns`, `tileColumns` output channels at a time; point p of channel k is written at
    /// `out[p - points.lowerBound] + k · tileColumns`. The points are one of `parts`, or all. For each k some lines are
    /// prefetched.
    public typealias Weights =
      @Sendable (
        _ panel: UnsafePointer<Float>, _ depth: Int, _ points: Range<Int>, _ out: MutableRows, _ ahead: Prefetch
      ) -> Void
    /// See `Weights`.
    public let weights: Weights
    /// The points in parts that share little of their computation.
    public let parts: [Range<Int>]

    /// Aᵀ·m·A + bias + residual of one tile and `tileColumns` channels. Row p of `products` is point p. Only the first
    /// `rows` × `columns` pixels are written. The residual is laid out as `out`.
    public typealias Output =
      @Sendable (
        _ products: Rows, _ bias: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?, _ out: MutablePixels,
        _ rows: Int, _ columns: Int
      ) -> Void
    /// See `Output`.
    public let output: Output

    /// The given transforms.
    public init(outputSide: Int, input: @escaping Input, weights: @escaping Weights, output: @escaping Output) {
      self.outputSide = outputSide
      self.input = input
      self.weights = weights
      // Rows 1 and 2 of F(4×4, 3×3) share a sum, and so do rows 3 and 4.
      parts = outputSide == 4 ? [0..<6, 6..<18, 18..<30, 30..<36] : [0..<16]
      self.output = output
    }
  }

  /// First and second moments of each channel about a centre near its mean, to avoid cancellation:
  /// `sums[c] = Σ_p (x[p, c] - centre[c])`, `squares[c] = Σ_p (x[p, c] - centre[c])²` over `pixels` rows of `channels`
  /// floats.
  public typealias ChannelMoments =
    @Sendable (
      _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ centre: UnsafePointer<Float>,
      _ sums: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `ChannelMoments`.
  public let channelMoments: ChannelMoments

  /// `out[p][c] = f((x[p][c] - mean[c]) · scale[c] + shift[c])`, f being SiLU if `silu` is true, else the identity.
  public typealias Normalize =
    @Sendable (
      _ x: Rows, _ pixels: Int, _ channels: Int, _ affine: ChannelAffine, _ silu: Bool, _ out: MutableRows
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

  /// `iterations` rounds of multiply-adds in registers, to measure a core's peak rate. Reads two floats at `numbers`,
  /// overwrites the first, and returns the number of multiply-adds.
  public typealias MultiplyAdds = @Sendable (_ iterations: Int, _ numbers: UnsafeMutablePointer<Float>) -> Int
  /// See `MultiplyAdds`.
  public let multiplyAdds: MultiplyAdds

  /// The loops of backward passes.
  public let gradients: GradientKernels
  /// The loops that only move data.
  public let packing: PackingKernels
  /// The loops over channels that only some networks need.
  public let rows: RowKernels
  /// The loops of a training step.
  public let optimizer: OptimizerKernels

  /// A table of the given kernels.
  public init(
    name: String, tileRows: Int, tileColumns: Int, multiplyTile: @escaping MultiplyTile,
    multiplyBlocks: @escaping MultiplyBlocks, attend: @escaping Attend, winogradF2: Winograd, winogradF4: Winograd,
    channelMoments: @escaping ChannelMoments, normalize: @escaping Normalize, silu: @escaping SiLU,
    softmax: @escaping Softmax, add: @escaping Add, multiplyAdds: @escaping MultiplyAdds,
    gradients: GradientKernels, packing: PackingKernels, rows: RowKernels, optimizer: OptimizerKernels
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
    self.rows = rows
    self.optimizer = optimizer
  }
}
