import KernelTable

/// A lazily fused input of a convolution or linear layer: concatenation of two activations, normalisation and nearest
/// upsampling are applied on read, a few lines at a time, and never materialised as a whole.
public struct FusedInput: Sendable {
  let parts: [Tensor]
  let normalization: Normalization?
  let isUpsampled: Bool

  /// Applied to each channel of each picture: `f((x - mean) · scale + shift)`.
  struct Normalization: Sendable {
    /// `[N, 3, C]`: mean, scale and shift.
    let affine: Tensor
    /// Whether f is SiLU; otherwise it is the identity.
    let silu: Bool
    /// What the backward pass needs, if it is recorded.
    let source: NormalizationSource?
  }

  /// What the gradients of a normalisation depend on.
  struct NormalizationSource: Sendable {
    let layer: GroupNormalization
    /// `[N, groups]`: 1 / √(variance + ε).
    let inverses: Tensor
    let scaleShift: Tensor?

    /// Whether there are gradients other than the input's.
    var isTrained: Bool { layer.variables?.weight.isFrozen == false || scaleShift?.recordedName != nil }
  }

  init(parts: [Tensor], normalization: Normalization? = nil, isUpsampled: Bool = false) {
    self.parts = parts
    self.normalization = normalization
    self.isUpsampled = isUpsampled
  }

  /// An unchanged activation, `[N, spatial…, C]`.
  public init(_ x: Tensor) { self.init(parts: [x]) }

  /// Two activations, concatenated along their channels: `[N, spatial…, A]`, `[N, spatial…, B]` →
  /// `[N, spatial…, A + B]`.
  public init(_ a: Tensor, joining b: Tensor) {
    precondition(
      a.shape.dropLast() == b.shape.dropLast(), "cannot concatenate the channels of \(a.shape) and \(b.shape)")
    self.init(parts: [a, b])
  }

  /// Nearest-neighbour upsampling by 2: `[N, H, W, C]` → `[N, 2H, 2W, C]` (`[N, L, C]` likewise; in `[N, D, H, W, C]`,
  /// D stays the same, as in the original).
  public func upsampledNearest() -> FusedInput {
    precondition(!isUpsampled, "an input can be upsampled only once")
    return FusedInput(parts: parts, normalization: normalization, isUpsampled: true)
  }

  /// `[N, spatial…, C]`.
  public var shape: [Int] {
    var shape = parts[0].shape
    shape[shape.count - 1] = channels
    if isUpsampled {
      for i in max(1, shape.count - 3)..<shape.count - 1 { shape[i] *= 2 }
    }
    return shape
  }

  var channels: Int { parts.reduce(0) { $0 + $1.shape[$1.shape.count - 1] } }

  /// The activation itself, if there is nothing to apply.
  var plain: Tensor? { parts.count == 1 && normalization == nil && !isUpsampled ? parts[0] : nil }

  /// Whether the channels of each part are a multiple of 16, which kernels that read blocks of channels require.
  var isInBlocks: Bool { parts.allSatisfy { $0.shape[$0.shape.count - 1] % 16 == 0 } }

  /// The whole input, materialised.
  public func tensor() -> Tensor {
    if let plain { return plain }
    let (lines, width) = (shape.dropLast(2).reduce(1, *), shape[shape.count - 2])
    // Enough lines for a few microseconds of work.
    let perItem = max(1, 8192 / (width * channels))
    return LayerProfile.measure({ "writing out concatenated, normalised or upsampled input" }) {
      withReader { reader in
        Tensor(shape) { out in
          ThreadPool.shared.forEach((lines + perItem - 1) / perItem) { item in
            for line in item * perItem..<min((item + 1) * perItem, lines) {
              reader.read(
                line: line, from: 0, count: width, channels: 0..<channels, into: out + line * width * channels,
                stride: channels)
            }
          }
        }
      }.recorded(isRecorded, as: .materialized(self))
    }
  }

  /// Calls `body` with a reader of the input's pixels, valid only during the call.
  func withReader<R>(_ body: (Reader) -> R) -> R {
    let sizes = shape
    // Lines of one picture, after upsampling.
    let linesPerPicture = sizes[1..<sizes.count - 2].reduce(1, *)
    func reader(_ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>?, _ affine: UnsafePointer<Float>?)
      -> Reader
    {
      Reader(
        table: KernelChoice.current, first: first, firstChannels: parts[0].shape[parts[0].shape.count - 1],
        second: second, channels: channels, width: sizes[sizes.count - 2], linesPerPicture: linesPerPicture,
        affine: affine, silu: normalization?.silu ?? false, isUpsampled: isUpsampled,
        linesRepeat: isUpsampled && sizes.count > 3)
    }
    let affine = normalization?.affine
    return parts[0].withUnsafePointer { first in
      guard parts.count > 1 else {
        guard let affine else { return body(reader(first, nil, nil)) }
        return affine.withUnsafePointer { body(reader(first, nil, $0)) }
      }
      return parts[1].withUnsafePointer { second in
        guard let affine else { return body(reader(first, second, nil)) }
        return affine.withUnsafePointer { body(reader(first, second, $0)) }
      }
    }
  }

  /// Reads pixels, applying concatenation, normalisation and upsampling.
  struct Reader: @unchecked Sendable {
    let table: KernelTable
    let first: UnsafePointer<Float>
    let firstChannels: Int
    let second: UnsafePointer<Float>?
    let channels: Int
    /// Pixels of a line, and lines of a picture, after upsampling.
    let width: Int
    let linesPerPicture: Int
    let affine: UnsafePointer<Float>?
    let silu: Bool
    let isUpsampled: Bool
    /// Whether upsampling repeats lines: it does, except in sequences, which have only one.
    let linesRepeat: Bool

    /// Writes the channels `range` of pixels `x ..< x + count` of a line, numbered across all pictures, to
    /// `out + pixel · stride`. If the input is normalised, the range's bounds and the first part's channels are
    /// multiples of 16.
    func read(
      line: Int, from x: Int, count: Int, channels range: Range<Int>, into out: UnsafeMutablePointer<Float>, stride: Int
    ) {
      let picture = line / linesPerPicture
      if range.lowerBound < firstChannels {
        let part = range.lowerBound..<min(range.upperBound, firstChannels)
        read(
          first, firstChannels, part, picture: picture, channel: part.lowerBound, line: line, x: x, count: count, out,
          stride)
      }
      if let second, range.upperBound > firstChannels {
        let start = max(range.lowerBound, firstChannels)
        read(
          second, channels - firstChannels, start - firstChannels..<range.upperBound - firstChannels, picture: picture,
          channel: start, line: line, x: x, count: count, out + (start - range.lowerBound), stride)
      }
    }

    /// Writes all channels of the pixels `rows`, numbered across all pictures, to `scratch`, one pixel after another,
    /// and the address of each pixel to `addresses`.
    func gather(
      _ rows: Range<Int>, _ scratch: UnsafeMutablePointer<Float>,
      into addresses: UnsafeMutablePointer<UnsafePointer<Float>>
    ) {
      var row = rows.lowerBound
      while row < rows.upperBound {
        let (line, x) = row.quotientAndRemainder(dividingBy: width)
        let count = min(width - x, rows.upperBound - row)
        read(
          line: line, from: x, count: count, channels: 0..<channels,
          into: scratch + (row - rows.lowerBound) * channels, stride: channels)
        row += count
      }
      for r in 0..<rows.count { addresses[r] = UnsafePointer(scratch) + r * channels }
    }

    /// Reads the channels `range` of one part, which are the input's channels from `channel` on.
    private func read(
      _ source: UnsafePointer<Float>, _ sourceStride: Int, _ range: Range<Int>, picture: Int, channel: Int, line: Int,
      x: Int, count: Int, _ out: UnsafeMutablePointer<Float>, _ stride: Int
    ) {
      if !isUpsampled {
        let pixels = source + (line * width + x) * sourceStride + range.lowerBound
        copy(pixels, sourceStride, count, range.count, picture: picture, channel: channel, out, stride)
        return
      }
      // A picture has an even number of lines, so halving a line number across all pictures is right.
      let sourceLine = source + (linesRepeat ? line / 2 : line) * (width / 2) * sourceStride + range.lowerBound
      for i in 0..<count {
        copy(
          sourceLine + (x + i) / 2 * sourceStride, sourceStride, 1, range.count, picture: picture, channel: channel,
          out + i * stride, stride)
      }
    }

    private func copy(
      _ pixels: UnsafePointer<Float>, _ pixelStride: Int, _ count: Int, _ channelCount: Int, picture: Int, channel: Int,
      _ out: UnsafeMutablePointer<Float>, _ stride: Int
    ) {
      if let affine {
        let mean = affine + picture * 3 * channels + channel
        table.normalize(
          .init(pixels, stride: pixelStride), count, channelCount,
          .init(mean: mean, scale: mean + channels, shift: mean + 2 * channels), silu, .init(out, stride: stride))
      } else if pixelStride == channelCount && stride == channelCount {
        out.update(from: pixels, count: count * channelCount)
      } else {
        table.packing.copyRows(pixels, pixelStride, count, channelCount, out, stride)
      }
    }
  }
}
