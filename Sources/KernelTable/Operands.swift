// Operands of kernels. A closure's parameters cannot have labels, so addresses, strides and counts that belong together
// are grouped under names. A group has at most four words: Swift passes it in registers, as it passes the fields alone,
// so that the names cost no instruction.

extension KernelTable {
  /// Rows of floats to read; row r begins at `start + r · stride`.
  public struct Rows {
    /// The first row.
    public let start: UnsafePointer<Float>
    /// Floats from one row to the next.
    public let stride: Int

    /// The rows from `start` on.
    @inlinable public init(_ start: UnsafePointer<Float>, stride: Int) {
      self.start = start
      self.stride = stride
    }
  }

  /// Rows of floats to write; row r begins at `start + r · stride`.
  public struct MutableRows {
    /// The first row.
    public let start: UnsafeMutablePointer<Float>
    /// Floats from one row to the next.
    public let stride: Int

    /// The rows from `start` on.
    @inlinable public init(_ start: UnsafeMutablePointer<Float>, stride: Int) {
      self.start = start
      self.stride = stride
    }
  }

  /// Rows of a convolution's input that lie anywhere: tap t of row r reads the `depth` floats at
  /// `addresses[t · count + r]`.
  public struct GatheredRows {
    /// `taps · count` of them.
    public let addresses: UnsafePointer<UnsafePointer<Float>>
    /// The rows (pixels).
    public let count: Int
    /// The positions of the convolution's kernel.
    public let taps: Int
    /// The input channels.
    public let depth: Int

    /// The rows at `addresses`.
    @inlinable public init(_ addresses: UnsafePointer<UnsafePointer<Float>>, count: Int, taps: Int, depth: Int) {
      self.addresses = addresses
      self.count = count
      self.taps = taps
      self.depth = depth
    }
  }

  /// A packed panel of weights with the biases of its `tileColumns` output channels.
  public struct Panel {
    /// `[taps, depth, tileColumns]`.
    public let weights: UnsafePointer<Float>
    /// `[tileColumns]`.
    public let bias: UnsafePointer<Float>

    /// The panel of the given weights and biases.
    @inlinable public init(weights: UnsafePointer<Float>, bias: UnsafePointer<Float>) {
      self.weights = weights
      self.bias = bias
    }
  }

  /// Rows in tiles of `tileHeight`, the last of which may be lower: row r is row `r % tileHeight` of the tile at
  /// `start + r / tileHeight · tileStride`.
  public struct TiledRows {
    /// The first tile.
    public let start: UnsafePointer<Float>
    /// The rows of all tiles.
    public let count: Int
    /// The rows of a tile, 1 to `tileRows`.
    public let tileHeight: Int
    /// Floats from one tile to the next.
    public let tileStride: Int

    /// The rows from `start` on.
    @inlinable public init(_ start: UnsafePointer<Float>, count: Int, tileHeight: Int, tileStride: Int) {
      self.start = start
      self.count = count
      self.tileHeight = tileHeight
      self.tileStride = tileStride
    }
  }

  /// The channels of a tile of rows in blocks of 16: channel k of row r lies `k / 16 · stride + 16r + k % 16` floats
  /// from the tile's start.
  public struct BlockedChannels {
    /// Floats from one block to the next.
    public let stride: Int
    /// The number of channels: a multiple of 16, or with at most `mostRowsOfPart` rows 4, 8 or 12 within one block.
    public let count: Int

    /// See `count`.
    public static let mostRowsOfPart = 8

    /// `count` channels whose blocks are `stride` floats apart.
    @inlinable public init(stride: Int, count: Int) {
      self.stride = stride
      self.count = count
    }
  }

  /// Points of Winograd's convolution whose products are computed one after another.
  public struct ProductPoints {
    /// The number of points.
    public let count: Int
    /// Floats from one point to the next, of the rows, of the panel, and of the products.
    public let rowStride: Int
    /// See `rowStride`.
    public let panelStride: Int
    /// See `rowStride`.
    public let outStride: Int

    /// `count` points whose rows, panels and products are so far apart.
    @inlinable public init(count: Int, rowStride: Int, panelStride: Int, outStride: Int) {
      self.count = count
      self.rowStride = rowStride
      self.panelStride = panelStride
      self.outStride = outStride
    }
  }

  /// Memory to prefetch during a product or a transform.
  public struct Prefetch {
    /// Where it begins; any address is allowed.
    public let start: UnsafePointer<Float>
    /// Cache lines for each block of a tile, or for each channel.
    public let lines: Int

    /// `lines` cache lines at a time, from `start` on.
    @inlinable public init(_ start: UnsafePointer<Float>, lines: Int) {
      self.start = start
      self.lines = lines
    }
  }

  /// Queries, keys and values of one head: the query of position t is at `queries + t · stride`, its key `partStride`
  /// floats behind it, and its value as many behind that.
  public struct AttentionHead {
    /// The query of the first position.
    public let queries: UnsafePointer<Float>
    /// Floats from one position to the next.
    public let stride: Int
    /// Floats from a query to its key, and from the key to its value.
    public let partStride: Int
    /// What scores are divided by: √d.
    public let divisor: Float

    /// The head whose queries begin at `queries`.
    @inlinable public init(_ queries: UnsafePointer<Float>, stride: Int, partStride: Int, divisor: Float) {
      self.queries = queries
      self.stride = stride
      self.partStride = partStride
      self.divisor = divisor
    }
  }

  /// What normalisation does to channel c: `(x - mean[c]) · scale[c] + shift[c]`.
  public struct ChannelAffine {
    /// The mean of each channel's group.
    public let mean: UnsafePointer<Float>
    /// The factor of each channel.
    public let scale: UnsafePointer<Float>
    /// The offset of each channel.
    public let shift: UnsafePointer<Float>

    /// The given numbers of each channel.
    @inlinable public init(
      mean: UnsafePointer<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>
    ) {
      self.mean = mean
      self.scale = scale
      self.shift = shift
    }
  }
}

extension KernelTable.Winograd {
  /// Pixels of a tile to read; pixel (y, x) is at `start + y · rowStride + x · pixelStride`.
  public struct Pixels {
    /// Pixel (0, 0).
    public let start: UnsafePointer<Float>
    /// Floats from one line to the next.
    public let rowStride: Int
    /// Floats from one pixel to the next.
    public let pixelStride: Int

    /// The pixels from `start` on.
    @inlinable public init(_ start: UnsafePointer<Float>, rowStride: Int, pixelStride: Int) {
      self.start = start
      self.rowStride = rowStride
      self.pixelStride = pixelStride
    }
  }

  /// Pixels of a tile to write; pixel (y, x) is at `start + y · rowStride + x · pixelStride`.
  public struct MutablePixels {
    /// Pixel (0, 0).
    public let start: UnsafeMutablePointer<Float>
    /// Floats from one line to the next.
    public let rowStride: Int
    /// Floats from one pixel to the next.
    public let pixelStride: Int

    /// The pixels from `start` on.
    @inlinable public init(_ start: UnsafeMutablePointer<Float>, rowStride: Int, pixelStride: Int) {
      self.start = start
      self.rowStride = rowStride
      self.pixelStride = pixelStride
    }
  }

  /// Points of a tile to write, channels in blocks of 16: point p of channel c is at
  /// `start + p · pointStride + c / 16 · blockStride + c % 16`.
  public struct Points {
    /// Point 0 of channel 0.
    public let start: UnsafeMutablePointer<Float>
    /// Floats from one point to the next.
    public let pointStride: Int
    /// Floats from one block of channels to the next.
    public let blockStride: Int

    /// The points from `start` on.
    @inlinable public init(_ start: UnsafeMutablePointer<Float>, pointStride: Int, blockStride: Int) {
      self.start = start
      self.pointStride = pointStride
      self.blockStride = blockStride
    }
  }
}

extension GradientKernels {
  /// One or two blocks to read.
  public struct Blocks {
    /// The first block.
    public let start: UnsafePointer<Float>
    /// Floats from the first block to the second; 0 if there is only one.
    public let second: Int

    /// The blocks at `start` and, if `second` is not 0, at `start + second`.
    @inlinable public init(_ start: UnsafePointer<Float>, second: Int) {
      self.start = start
      self.second = second
    }
  }

  /// 16×16 products of one or two blocks; row r begins at `start + r · stride`.
  public struct BlockSums {
    /// The first block's products.
    public let start: UnsafeMutablePointer<Float>
    /// Floats from one row to the next.
    public let stride: Int
    /// Floats from the first block's products to the second's.
    public let second: Int

    /// The products at `start` and `start + second`.
    @inlinable public init(_ start: UnsafeMutablePointer<Float>, stride: Int, second: Int) {
      self.start = start
      self.stride = stride
      self.second = second
    }
  }

  /// Sums over pixels, one for each channel.
  public struct ChannelSums {
    /// `Σ_p dz[p, c]`.
    public let sums: UnsafeMutablePointer<Float>
    /// `Σ_p dz[p, c] · (x[p, c] - mean[c])`.
    public let products: UnsafeMutablePointer<Float>

    /// Room for the given sums.
    @inlinable public init(sums: UnsafeMutablePointer<Float>, products: UnsafeMutablePointer<Float>) {
      self.sums = sums
      self.products = products
    }
  }

  /// What makes channel c of a normalisation's input gradient: `dz · scale[c] + (x - mean[c]) · slope[c] + offset[c]`.
  public struct InputTerms {
    /// The mean of each channel's group.
    public let mean: UnsafePointer<Float>
    /// The factor of dz.
    public let scale: UnsafePointer<Float>
    /// The factor of x - mean.
    public let slope: UnsafePointer<Float>
    /// The offset.
    public let offset: UnsafePointer<Float>

    /// The given numbers of each channel.
    @inlinable public init(
      mean: UnsafePointer<Float>, scale: UnsafePointer<Float>, slope: UnsafePointer<Float>,
      offset: UnsafePointer<Float>
    ) {
      self.mean = mean
      self.scale = scale
      self.slope = slope
      self.offset = offset
    }
  }
}
