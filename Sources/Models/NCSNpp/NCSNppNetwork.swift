import DiffusionCheckpoints
import DiffusionCore
import DiffusionPlatform
import TensorCore

/// NCSN++, DDPM++ and the DDPM of Song et al. 2021, "Score-Based Generative Modeling through Stochastic Differential
/// Equations", appendix H: a UNet whose blocks resample by filters, and to whose levels the input may be added, and
/// their outputs summed up, at every resolution.
struct NCSNppNetwork: Sendable {
  /// The layers that lead to the next lower resolution.
  struct Descent: Sendable {
    let block: NCSNppBlock?
    let convolution: Convolution?
    let pyramid: Pyramid
  }

  /// What is added to a lower level from the input.
  enum Pyramid: Sendable {
    case none
    case skip(Linear)
    case residual(Convolution)
  }

  /// A level of the encoder.
  struct DownLevel: Sendable {
    let blocks: [NCSNppBlock]
    let attentions: [NCSNppAttention]
    let descent: Descent?
  }

  /// A level of the decoder.
  struct UpLevel: Sendable {
    let blocks: [NCSNppBlock]
    let attention: NCSNppAttention?
    /// What makes the level's part of the output.
    let output: (norm: GroupNormalization, convolution: Convolution)?
    let block: NCSNppBlock?
    let convolution: Convolution?
  }

  let layout: NCSNppLayout
  let conventions: NCSNppConventions
  /// Whether the input is in 0 to 1 and is centred first.
  let centersInput: Bool
  /// Whether the output is divided by σ.
  let scalesBySigma: Bool
  /// The random frequencies, `[modelChannels]`; nil with a timestep embedding.
  let frequencies: Lazy<Tensor>?
  let dense: [Linear]
  let input: Convolution
  let down: [DownLevel]
  let middle: (first: NCSNppBlock, attention: NCSNppAttention, second: NCSNppBlock)
  let up: [UpLevel]
  /// The last normalisation and convolution; nil where the levels' parts are the output.
  let output: (norm: GroupNormalization, convolution: Convolution)?

  private var filter: FilteredResampling { FilteredResampling(conventions.filter) }

  /// The activated embedding of the noise levels `conditioning`, `[N]` → `[N, 4 · modelChannels]`.
  private func embedding(_ conditioning: [Float]) -> Tensor {
    let width = layout.modelChannels
    let values: Tensor
    if let frequencies = frequencies?.value.values {
      // Rounded to float32 in the original's order: the angles are large.
      values = Tensor(
        [conditioning.count, 2 * width],
        conditioning.flatMap { sigma -> [Float] in
          let logarithm = Float(log(Double(sigma)))
          let angles = frequencies.map { Double(logarithm * $0 * 2 * Float(Double.pi)) }
          return angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) }
        })
    } else {
      var embedding = TimestepEmbedding()
      (embedding.frequencyShift, embedding.sinesFirst) = (1, true)
      values = embedding(conditioning, dim: width)
    }
    return dense[1](dense[0](values).silu()).silu()
  }

  /// The network's output for `x`, `[N, C, H, W]`, at the noise levels `conditioning`, `[N]`.
  func callAsFunction(_ x: Tensor, _ conditioning: [Float]) -> Tensor {
    let embedding = embedding(conditioning)
    let x = (centersInput ? x.map { 2 * $0 - 1 } : x).channelsLast()
    var pyramid = x
    var h = input(x)
    var skips = [h]
    for level in down {
      for (i, block) in level.blocks.enumerated() {
        h = block(FusedInput(h), embedding)
        if !level.attentions.isEmpty { h = level.attentions[i](h) }
        skips.append(h)
      }
      guard let descent = level.descent else { continue }
      h = descent.block?(FusedInput(h), embedding) ?? descent.convolution?(h) ?? h.averagePooled()
      switch descent.pyramid {
      case .none: break
      case .skip(let layer):
        pyramid = filter.halved(pyramid)
        h = layer(FusedInput(pyramid), adding: h)
      case .residual(let convolution):
        pyramid = layout.pyramidFilters == true ? filter.filtered(pyramid) : pyramid
        pyramid = conventions.rescaled(convolution(FusedInput(pyramid), adding: h))
        h = pyramid
      }
      skips.append(h)
    }
    h = middle.second(FusedInput(middle.attention(middle.first(FusedInput(h), embedding))), embedding)
    var sum: Tensor?
    for (i, level) in up.enumerated() {
      for block in level.blocks { h = block(FusedInput(h, joining: skips.removeLast()), embedding) }
      if let attention = level.attention { h = attention(h) }
      if let (norm, convolution) = level.output {
        sum = convolution(norm(FusedInput(h), silu: true), adding: sum.map { filter.doubled($0) })
      }
      guard i < up.count - 1 else { break }
      if let block = level.block {
        h = block(FusedInput(h), embedding)
      } else {
        let enlarged = FusedInput(h).upsampledNearest()
        h = level.convolution?(enlarged) ?? enlarged.tensor()
      }
    }
    if let output { h = output.convolution(output.norm(FusedInput(h), silu: true)) }
    let result = (sum ?? h).channelsFirst()
    return scalesBySigma ? result.divided(by: conditioning) : result
  }
}

extension NCSNppNetwork: DenoisingNetwork {
  /// See `DenoisingNetwork`.
  func callAsFunction(_ x: Tensor, _ inputs: NetworkInputs) -> Tensor { self(x, inputs.conditioning) }

  /// See `DenoisingNetwork`.
  var sizeMultiple: Int { 1 << (layout.widths.count - 1) }

  /// See `DenoisingNetwork`. Counts the first level, which has the most activations.
  func activationBytes(size: [Int]) -> Int {
    size.reduce(1, *) * (layout.widths.first ?? 0) * 4 * (2 * layout.blocks + 6)
  }

  /// See `DenoisingNetwork`.
  func countFlops(batch: Int, size: [Int]) -> Flops {
    var size = size
    var flops = dense.reduce(into: Flops()) { $0 += $1.flops(pixels: 1) }
    flops += input.countFlops(&size)
    for level in down {
      for block in level.blocks { flops += block.countFlops(&size) }
      for attention in level.attentions { flops += attention.countFlops(positions: size.reduce(1, *)) }
      guard let descent = level.descent else { continue }
      let before = size
      if let block = descent.block {
        flops += block.countFlops(&size)
      } else if let convolution = descent.convolution {
        flops += convolution.countFlops(&size)
      } else {
        size = size.map { $0 / 2 }
      }
      switch descent.pyramid {
      case .none: break
      case .skip(let layer): flops += layer.flops(pixels: size.reduce(1, *))
      case .residual(let convolution):
        var pixels = before
        flops += convolution.countFlops(&pixels)
      }
    }
    flops += middle.first.countFlops(&size)
    flops += middle.attention.countFlops(positions: size.reduce(1, *))
    flops += middle.second.countFlops(&size)
    for (i, level) in up.enumerated() {
      for block in level.blocks { flops += block.countFlops(&size) }
      if let attention = level.attention { flops += attention.countFlops(positions: size.reduce(1, *)) }
      if let output = level.output { flops += output.convolution.countFlops(&size) }
      guard i < up.count - 1 else { break }
      if let block = level.block {
        flops += block.countFlops(&size)
      } else {
        size = size.map { 2 * $0 }
        if let convolution = level.convolution { flops += convolution.countFlops(&size) }
      }
    }
    if let output { flops += output.convolution.countFlops(&size) }
    return flops * batch
  }
}

extension Tensor {
  /// Each image divided by its own number: `[N, …]` and `[N]`.
  fileprivate func divided(by divisors: [Float]) -> Tensor {
    let each = count / max(1, shape[0])
    return withUnsafePointer { source in
      Tensor(shape) { out in
        for (n, divisor) in divisors.enumerated() {
          for i in n * each..<(n + 1) * each { out[i] = source[i] / divisor }
        }
      }
    }
  }
}
