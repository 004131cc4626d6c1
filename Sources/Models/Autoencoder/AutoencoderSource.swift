import DiffusionCheckpoints
import TensorCore

/// The checkpoint of an autoencoder, beside that of the network that draws its latents.
public struct AutoencoderSource: Sendable {
  /// The largest pictures, across.
  private static let mostPixels = 16_384

  /// Its tensors.
  public let state: StateDict
  let shape: AutoencoderShape

  init(_ state: StateDict, _ shape: AutoencoderShape) { (self.state, self.shape) = (state, shape) }

  /// A tensor that every autoencoder has.
  static let signature = "decoder.conv_in.weight"

  private var hasEncoder: Bool { state.shape(of: "encoder.conv_in.weight") != nil }

  /// Enters what it makes of the model into the network's specification.
  ///
  /// - Throws: `ModelError.unusable` if the network draws something else than its latents.
  func describe(_ specification: inout ModelSpecification, name: String) throws(ModelError) {
    guard specification.task == .denoising, specification.conditionChannels == 0, specification.dimensions == 2 else {
      throw .unusable(
        reason:
          """
          \(name): its network draws from images, or no images, and an autoencoder stands beside it; only latents \
          that are drawn from noise are decoded
          """)
    }
    guard specification.imageChannels == shape.latentChannels else {
      throw .unusable(
        reason:
          """
          \(name): its network draws latents of \(specification.imageChannels) channels, but those of its \
          \(shape.kind.rawValue) (\(state.name)) have \(shape.latentChannels)
          """)
    }
    guard specification.imageSize * shape.scale <= Self.mostPixels else {
      throw .unusable(
        reason:
          """
          \(name): pictures of \(specification.imageSize * shape.scale) pixels cannot be drawn; the most is \
          \(Self.mostPixels)
          """)
    }
    specification.autoencoder = shape.facts(hasEncoder: hasEncoder)
    // Latents have no range that they should be kept in.
    if specification.description.clipDenoised == nil && specification.description.thresholding != true {
      specification.clipping = .none
      specification.description.clipDenoised = false
    }
  }

  /// Builds the network, which must use every tensor. No tensor is read yet.
  ///
  /// - Throws: `ModelError` if a tensor is missing, has the wrong shape or is unused.
  public func network() throws(ModelError) -> Autoencoder {
    let weights = Weights(state)
    let network: Autoencoder
    do {
      network = try Autoencoder(
        shape, weights, hasEncoder: hasEncoder,
        usesOldNames: state.names.contains { $0.hasSuffix("mid_block.attentions.0.query.weight") })
    } catch { throw .checkpoint(error) }
    let unused = weights.unusedNames
    guard let first = unused.first else { return network }
    throw .unusedTensor(
      model: state.name, tensor: first, shape: state.shape(of: first) ?? [], others: unused.count - 1,
      network: "diffusers \(shape.kind.rawValue)")
  }
}
