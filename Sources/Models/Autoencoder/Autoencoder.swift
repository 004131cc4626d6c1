import DiffusionCheckpoints
import TensorCore

/// The autoencoder of a model that draws latents (Rombach et al. 2022): diffusers' `VQModel` and `AutoencoderKL`.
public struct Autoencoder: Sendable {
  /// What is known of it.
  public let facts: AutoencoderFacts
  private let shape: AutoencoderShape
  private let codebook: Codebook?
  private let postQuantConv: Linear?
  private let decoder: AutoencoderDecoder
  private let encoder: AutoencoderEncoder?
  private let quantConv: Linear?

  /// Builds the network from named tensors.
  ///
  /// - Parameters:
  ///   - shape: its shape.
  ///   - weights: its tensors.
  ///   - hasEncoder: whether these hold an encoder.
  ///   - usesOldNames: whether attention's layers have the names of before diffusers 0.15.
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(
    _ shape: AutoencoderShape, _ weights: Weights, hasEncoder: Bool, usesOldNames: Bool
  ) throws(CheckpointError) {
    self.shape = shape
    facts = shape.facts(hasEncoder: hasEncoder)
    let (latents, inner) = (shape.latentChannels, shape.innerChannels)
    codebook =
      shape.kind == .vqModel
      ? try Codebook(weights.scope("quantize"), count: shape.codes, depth: latents) : nil
    postQuantConv =
      shape.dequantizes ? try Linear(weights.scope("post_quant_conv"), latents, inner, kernelDims: 2) : nil
    decoder = try AutoencoderDecoder(weights.scope("decoder"), shape, usesOldNames: usesOldNames)
    // Means, and logarithms of variances.
    let moments = shape.kind == .autoencoderKL ? 2 : 1
    encoder =
      hasEncoder
      ? try AutoencoderEncoder(
        weights.scope("encoder"), shape, outChannels: moments * inner, usesOldNames: usesOldNames) : nil
    quantConv =
      hasEncoder && shape.quantizes
      ? try Linear(weights.scope("quant_conv"), moments * inner, moments * latents, kernelDims: 2) : nil
  }

  /// The pictures of the process's latents, one after another, so that memory does not grow with their number.
  ///
  /// - Parameter latents: `[N, C, h, w]`.
  /// - Returns: `[N, C', H, W]`, nominally in [-1, 1].
  public func decode(_ latents: Tensor) -> Tensor {
    let divisor = Float(shape.scalingFactor)
    return each(latents) { latent in
      var z = latent.map { $0 / divisor }
      if let codebook { z = codebook.nearest(z) }
      return decoder(postQuantConv?(FusedInput(z)) ?? z)
    }
  }

  /// The process's latents of pictures, one after another: of `AutoencoderKL` the means, of `VQModel` what is not yet
  /// rounded to the codebook.
  ///
  /// - Precondition: `facts.hasEncoder`.
  /// - Parameter pictures: `[N, C', H, W]` in [-1, 1].
  /// - Returns: `[N, C, h, w]`.
  public func encode(_ pictures: Tensor) -> Tensor {
    guard let encoder else { preconditionFailure("an autoencoder without encoder cannot encode") }
    let factor = Float(shape.scalingFactor)
    let latents = each(pictures) { picture in
      let h = encoder(picture)
      return quantConv?(FusedInput(h)) ?? h
    }
    return latents.channels(0..<shape.latentChannels).map { $0 * factor }
  }

  /// `[N, C, H, W]` → `[N, C', H', W']`, image by image, channels last in between.
  private func each(_ x: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
    Tensor.stacked((0..<x.shape[0]).map { body(x.rows($0..<$0 + 1).channelsLast()).channelsFirst() })
  }

  /// The multiply-adds of decoding one latent of spatial size `size`.
  public func countFlops(size: [Int]) -> Flops {
    var size = size
    let pixels = size.reduce(1, *)
    var flops = postQuantConv?.flops(pixels: pixels) ?? Flops()
    if codebook != nil { flops += Flops(total: pixels * shape.codes * shape.latentChannels) }
    flops += decoder.countFlops(&size)
    return flops
  }
}

extension AutoencoderShape {
  /// What others need to know.
  func facts(hasEncoder: Bool) -> AutoencoderFacts {
    AutoencoderFacts(
      kind: kind.rawValue, pictureChannels: pictureChannels, scale: scale, scalingFactor: scalingFactor,
      hasEncoder: hasEncoder)
  }
}
