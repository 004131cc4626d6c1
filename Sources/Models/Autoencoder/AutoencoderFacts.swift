/// What is known of the autoencoder of a model that draws latents (Rombach et al. 2022, "High-Resolution Image
/// Synthesis with Latent Diffusion Models"): how the process's latents become pictures.
public struct AutoencoderFacts: Sendable, Equatable {
  /// The class in its code base: `VQModel` or `AutoencoderKL`.
  public let kind: String
  /// The channels of pictures.
  public let pictureChannels: Int
  /// The pixels of a picture, across, for each of a latent.
  public let scale: Int
  /// Latents of the process are the autoencoder's times this.
  public let scalingFactor: Double
  /// Whether pictures can be encoded, not only latents decoded.
  public let hasEncoder: Bool
}

extension ModelSpecification {
  /// The width and height of the pictures that the model draws, in pixels.
  public var pictureSize: Int { imageSize * (autoencoder?.scale ?? 1) }

  /// The channels of the pictures that the model draws.
  public var pictureChannels: Int { autoencoder?.pictureChannels ?? imageChannels }

  /// The shape of one picture, `[C, H, W]`; `imageShape` is that of what the process works on.
  public var pictureShape: [Int] { [pictureChannels, pictureSize, pictureSize] }

  /// What the model draws: `32×32`, or `latents of 3×64×64, pictures of 256×256`.
  public var drawnText: String {
    guard autoencoder != nil else { return "\(imageSize)×\(imageSize)" }
    return "latents of \(imageChannels)×\(imageSize)×\(imageSize), pictures of \(pictureSize)×\(pictureSize)"
  }
}
