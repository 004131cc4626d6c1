import KernelTable

/// What a convolution or a linear layer reads: one activation, or two joined channel-wise; as it is, or normalised; perhaps
/// enlarged. It is put together a few lines at a time where it is read, and never written out as a whole.
public struct FusedInput: Sendable {
  let parts: [Tensor]
  let normalization: Normalization?
  let isEnlarged: Bool

  /// What is done to each channel of each picture: `f((x - mean) · scale + shift)`.
  struct Normalization: Sendable {
    /// `[N, 3, C]`: mean, scale and shift.
    let affine: Tensor
    /// Whether f is SiLU; else it is nothing.
    let silu: Bool
    /// Where it comes from, if it is recorded.
    let source: NormalizationSource?
  }

  /// What the gradients of a normalisation are computed from.
  struct NormalizationSource: Sendable {
    let layer: GroupNormalization
    /// `[N, groups]`: 1 / √(variance + ε).
    let inverses: Tensor
    let scaleShift: Tensor?

    /// Whether there are gradients beside that of the input.
    var isTrained: Bool { layer.variables?.weight.isFrozen == false || scaleShift?.recordedName != nil }
  }

  init(parts: [Tensor], normalization: Normalization? = nil, isEnlarged: Bool = false) {
    self.parts = parts
    self.normalization = normalization
    self.isEnlarged = isEnlarged
  }

  /// An activation as it is, `[N, spatial…, C]`.
  public init(_ x: Tensor) { self.init(parts: [x]) }

  /// Two activations joined channel-wise: `[N, spatial…, A]`, `[N, spatial…, B]` → `[N, spatial…, A + B]`.
  public init(_ a: Tensor, joining b: Tensor) {
    precondition(a.shape.dropLast() == b.shape.dropLast(), "cannot join the channels of \(a.shape) and \(b.shape)")
    self.init(parts: [a, b])
  }

  /// Every pixel twice in each direction: `[N, H, W, C]` → `[N, 2H, 2W, C]` (likewise `[N, L, C]`; of `[N, D, H, W, C]`, D
  /// stays, as in the original).
  public func enlarged() -> FusedInput {
    precondition(!isEnlarged, "an input is enlarged once")
    return FusedInput(parts: parts, normalization: normalization, isEnlarged: true)
  }

  /// `[N, spatial…, C]`.
  public var shape: [Int] {
    var shape = parts[0].shape
    shape[shape.count - 1] = channels
    if isEnlarged {
      for i in max(1, shape.count - 3)..<shape.count - 1 { shape[i] *= 2 }
    }
    return shape
  }

  var channels: Int { parts.reduce(0) { $0 + $1.shape[$1.shape.count - 1] } }

  /// The activation itself, where there is nothing to put together.
  var plain: Tensor? { parts.count == 1 && normalization == nil && !isEnlarged ? parts[0] : nil }

  /// Whether each part has channels in whole blocks of 16, as kernels that read some channels at a time need.
  var isInBlocks: Bool { parts.allSatisfy { $0.shape[$0.shape.count - 1] % 16 == 0 } }

  /// The whole input, written out.
  public func tensor() -> Tensor {
    if let plain { return plain }
    let (lines, width) = (shape.dropLast(2).reduce(1, *), shape[shape.count - 2])
    // Lines enough for a few microseconds' work.
    let perItem = max(1, 8192 / (width * channels))
    return LayerProfile.measure({ "writing out what is joined, enlarged or normalised" }) {
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
      }.recorded(isRecorded, as: .writtenOut(self))
    }
  }

  /// Calls `body` with what reads the input's pixels; valid during the call only.
  func withReader<R>(_ body: (Reader) -> R) -> R {
    let sizes = shape
    // Lines of one picture, as they are read.
    let linesPerPicture = sizes[1..<sizes.count - 2].reduce(1, *)
    func reader(_ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>?, _ affine: UnsafePointer<Float>?)
      -> Reader
    {
      Reader(
        table: KernelChoice.current, first: first, firstChannels: parts[0].shape[parts[0].shape.count - 1],
        second: second, channels: channels, width: sizes[sizes.count - 2], linesPerPicture: linesPerPicture,
        affine: affine, silu: normalization?.silu ?? false, isEnlarged: isEnlarged,
        linesRepeat: isEnlarged && sizes.count > 3)
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

  /// Reads pixels, putting them together on the way.
  struct Reader: @unchecked Sendable {
    let table: KernelTable
    let first: UnsafePointer<Float>
    let firstChannels: Int
    let second: UnsafePointer<Float>?
    let channels: Int
    /// Pixels of a line, and lines of a picture, as they are read.
    let width: Int
    let linesPerPicture: Int
    let affine: UnsafePointer<Float>?
    let silu: Bool
    let isEnlarged: Bool
    /// Whether enlarging repeats lines (all but sequences have them).
    let linesRepeat: Bool

    /// Writes the channels `range` of pixels `x ..< x + count` of a line, counted through all pictures, to
    /// `out + pixel · stride`. Where the input is normalised, the range's bounds and the first part's channels are
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

    /// The channels `range` of one part, which are the input's from `channel` on.
    private func read(
      _ source: UnsafePointer<Float>, _ sourceStride: Int, _ range: Range<Int>, picture: Int, channel: Int, line: Int,
      x: Int, count: Int, _ out: UnsafeMutablePointer<Float>, _ stride: Int
    ) {
      if !isEnlarged {
        let pixels = source + (line * width + x) * sourceStride + range.lowerBound
        copy(pixels, sourceStride, count, range.count, picture: picture, channel: channel, out, stride)
        return
      }
      // A picture has an even number of lines, so that halving the number counted through all of them is right.
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
          pixels, pixelStride, count, channelCount, mean, mean + channels, mean + 2 * channels, silu, out, stride)
      } else if pixelStride == channelCount && stride == channelCount {
        out.update(from: pixels, count: count * channelCount)
      } else {
        table.packing.copyRows(pixels, pixelStride, count, channelCount, out, stride)
      }
    }
  }
}
