/// The inner loops of backward passes. Each takes dL/dy, called the gradient of y below, for an operation's output, and
/// computes the derivatives of the loss L with respect to the operation's inputs.
public final class GradientKernels: Sendable {
  /// A product over rows of two blocks of 16 channels:
  /// `out[r][c] = start + Σ_t a[16t + r] · b[16t + c]` for `r` and `c` in `0 ..< 16` and `t` in `0 ..< count`; the
  /// start is the value in `out` if `accumulate` is true, else 0. The same for a second block of b, if there is one.
  /// Memory `ahead` floats behind the blocks is prefetched; any address is allowed.
  public typealias BlockProduct =
    @Sendable (
      _ a: UnsafePointer<Float>, _ b: Blocks, _ count: Int, _ ahead: Int, _ accumulate: Bool, _ out: BlockSums
    ) -> Void
  /// See `BlockProduct`.
  public let blockProduct: BlockProduct

  /// Those of Winograd's F(2×2, 3×3).
  public let winogradF2: Winograd
  /// Those of Winograd's F(4×4, 3×3).
  public let winogradF4: Winograd

  /// The transposed transforms of Winograd's F(m×m, 3×3): Y = Aᵀ[(G·g·Gᵀ) ⊙ (Bᵀ·d·B)]A gives
  /// dg = Gᵀ[(A·dY·Aᵀ) ⊙ (Bᵀ·d·B)]G, summed over tiles.
  public final class Winograd: Sendable {
    /// A·dY·Aᵀ of a tile of m×m pixels, at any distance. Its arguments are those of `KernelTable.Winograd.Input`.
    public let output: KernelTable.Winograd.Input

    /// Gᵀ·U·G of 16×16 pairs of channels: point p of pair (r, c) is read at `points[p] + 16r + c`; tap t is written at
    /// `out + 16 · (9r + t) + c`, or added to the value there if `accumulate` is true.
    public typealias Weights =
      @Sendable (_ points: KernelTable.Rows, _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>) -> Void
    /// See `Weights`.
    public let weights: Weights

    /// The given transforms.
    public init(output: @escaping KernelTable.Winograd.Input, weights: @escaping Weights) {
      self.output = output
      self.weights = weights
    }
  }

  /// Backward through `KernelTable.Normalize`, first part. With z = (x - mean)·scale + shift and dz = dy·f′(z),
  /// overwrites dy with dz and writes the sums over pixels. `channels` is a multiple of 16.
  public typealias NormalizeMoments =
    @Sendable (
      _ x: KernelTable.Rows, _ pixels: Int, _ channels: Int, _ affine: KernelTable.ChannelAffine, _ silu: Bool,
      _ gradient: KernelTable.MutableRows, _ sums: ChannelSums
    ) -> Void
  /// See `NormalizeMoments`.
  public let normalizeMoments: NormalizeMoments

  /// Second part: `out[p][c] = dz[p][c] · scale[c] + (x[p][c] - mean[c]) · slope[c] + offset[c]`, plus the value in
  /// `out` if `accumulate` is true. The pixels of `out` are `x.stride` floats apart.
  public typealias NormalizeInput =
    @Sendable (
      _ x: KernelTable.Rows, _ pixels: Int, _ channels: Int, _ terms: InputTerms, _ dz: KernelTable.Rows,
      _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `NormalizeInput`.
  public let normalizeInput: NormalizeInput

  /// `out[i] = dy[i] · f′(x[i])`, f being SiLU; `out` may be `dy`.
  public typealias SiLU =
    @Sendable (
      _ x: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `SiLU`.
  public let silu: SiLU

  /// Backward through `KernelTable.Attend` for all queries of one head. Row t of `gradient` is the gradient of the
  /// result for query t. The gradients of query, key and value are written at `out` with the strides of `head`.
  /// `scratch` is room for `attendScratch` floats.
  public typealias Attend =
    @Sendable (
      _ head: KernelTable.AttentionHead, _ length: Int, _ depth: Int, _ gradient: KernelTable.Rows,
      _ scratch: UnsafeMutablePointer<Float>, _ out: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `Attend`.
  public let attend: Attend
  /// The floats of scratch that `attend` needs for a length and a depth.
  public let attendScratch: @Sendable (_ length: Int, _ depth: Int) -> Int

  /// A table of the given kernels.
  public init(
    blockProduct: @escaping BlockProduct, winogradF2: Winograd, winogradF4: Winograd,
    normalizeMoments: @escaping NormalizeMoments, normalizeInput: @escaping NormalizeInput, silu: @escaping SiLU,
    attend: @escaping Attend, attendScratch: @escaping @Sendable (_ length: Int, _ depth: Int) -> Int
  ) {
    self.blockProduct = blockProduct
    self.winogradF2 = winogradF2
    self.winogradF4 = winogradF4
    self.normalizeMoments = normalizeMoments
    self.normalizeInput = normalizeInput
    self.silu = silu
    self.attend = attend
    self.attendScratch = attendScratch
  }
}
