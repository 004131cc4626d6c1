/// The inner loops of backward passes: derivatives of a loss with respect to what an operation read, given those with respect
/// to what it put out (dL/dy, called the gradient of y below).
public final class GradientKernels: Sendable {
  /// A product over rows of two blocks of 16 channels:
  /// `out[r · outStride + c] = start + Σ_t a[16t + r] · b[16t + c]` for `r` and `c` in `0 ..< 16` and `t` in `0 ..< count`; the start is
  /// what `out` holds if `accumulate` is true, else 0. If `second` is not 0, the same with a second block at `b + second`, put out at
  /// `out + secondOut`. Meanwhile what lies `ahead` floats behind the blocks is fetched; any address is allowed.
  public typealias BlockProduct =
    @Sendable (
      _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ second: Int, _ count: Int, _ ahead: Int,
      _ accumulate: Bool,
      _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ secondOut: Int
    ) -> Void
  /// See `BlockProduct`.
  public let blockProduct: BlockProduct

  /// Of Winograd's F(2×2, 3×3).
  public let winogradF2: Winograd
  /// Of Winograd's F(4×4, 3×3).
  public let winogradF4: Winograd

  /// The transposes of the transforms of Winograd's F(m×m, 3×3): Y = Aᵀ[(G·g·Gᵀ) ⊙ (Bᵀ·d·B)]A leads to
  /// dg = Gᵀ[(A·dY·Aᵀ) ⊙ (Bᵀ·d·B)]G, summed over tiles.
  public final class Winograd: Sendable {
    /// A·dY·Aᵀ of a tile, with arguments as those of `KernelTable.Winograd.Input`, m×m pixels being read.
    public let output: KernelTable.Winograd.Input

    /// Gᵀ·U·G of 16×16 pairs of channels: point p of pair (r, c) is read at `points + p · pointStride + 16r + c`, and tap t is written
    /// at `out + 16 · (9r + t) + c`, or added to what is there if `accumulate` is true.
    public typealias Weights =
      @Sendable (
        _ points: UnsafePointer<Float>, _ pointStride: Int, _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>
      ) -> Void
    /// See `Weights`.
    public let weights: Weights

    /// The given transforms.
    public init(output: @escaping KernelTable.Winograd.Input, weights: @escaping Weights) {
      self.output = output
      self.weights = weights
    }
  }

  /// Through `KernelTable.Normalize`, first part. With z = (x - mean)·scale + shift, and dz = dy·f′(z): writes dz over dy, and
  /// `sums[c] = Σ_p dz[p, c]`, `products[c] = Σ_p dz[p, c] · (x[p, c] - mean[c])`. Pixels of x are `stride`, those of dy
  /// `gradientStride` floats apart; `channels` is a multiple of 16.
  public typealias NormalizeMoments =
    @Sendable (
      _ x: UnsafePointer<Float>, _ stride: Int, _ pixels: Int, _ channels: Int, _ mean: UnsafePointer<Float>,
      _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, _ silu: Bool,
      _ gradient: UnsafeMutablePointer<Float>, _ gradientStride: Int, _ sums: UnsafeMutablePointer<Float>,
      _ products: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `NormalizeMoments`.
  public let normalizeMoments: NormalizeMoments

  /// Second part: `out[p, c] = dz[p, c] · scale[c] + (x[p, c] - mean[c]) · slope[c] + offset[c]`, plus what `out` holds if
  /// `accumulate` is true. Pixels of x and out are `stride` floats apart.
  public typealias NormalizeInput =
    @Sendable (
      _ x: UnsafePointer<Float>, _ stride: Int, _ pixels: Int, _ channels: Int, _ mean: UnsafePointer<Float>,
      _ scale: UnsafePointer<Float>, _ slope: UnsafePointer<Float>, _ offset: UnsafePointer<Float>,
      _ gradient: UnsafePointer<Float>, _ gradientStride: Int, _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>
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

  /// Through `KernelTable.Attend` for all queries of one head. The gradient of what came of query t is read at
  /// `gradient + t · gradientStride`; those of query, key and value are written at `out` with the strides of `head`. `scratch` is room
  /// for `attendScratch` floats.
  public typealias Attend =
    @Sendable (
      _ head: UnsafePointer<Float>, _ stride: Int, _ partStride: Int, _ length: Int, _ depth: Int,
      _ gradient: UnsafePointer<Float>, _ gradientStride: Int, _ scratch: UnsafeMutablePointer<Float>,
      _ out: UnsafeMutablePointer<Float>
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
