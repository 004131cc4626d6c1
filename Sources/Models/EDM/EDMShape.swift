import DiffusionCheckpoints
import TensorCore

/// The shape of a network of NVlabs/edm, read off the names and shapes of its tensors: its layers in the order in which
/// they run, which their names alone give (files need not keep them in order).
struct EDMShape: Sendable {
  /// The two networks.
  enum Kind: String, Sendable {
    /// DDPM++ and NCSN++ (Song et al. 2021, "Score-Based Generative Modeling through SDEs").
    case song = "SongUNet"
    /// ADM (Dhariwal & Nichol 2021).
    case dhariwal = "DhariwalUNet"

    /// Added to the variance in normalisations.
    var epsilon: Double { self == .song ? 1e-6 : 1e-5 }
  }

  /// A residual block.
  struct Block: Sendable {
    let name: String
    let inChannels: Int
    let outChannels: Int
    let resampling: Resampling
    /// The filter that it resamples with; empty if it does not.
    let filter: [Double]
    /// Whether the skip connection has a convolution.
    let hasSkipConvolution: Bool
    /// The heads of its attention; 0 without.
    let heads: Int
  }

  /// A layer.
  enum Layer: Sendable {
    /// The first convolution.
    case convolution(name: String, inChannels: Int, outChannels: Int)
    /// A residual block.
    case block(Block)
    /// Halves the picture that accompanies the encoder, or doubles that which accompanies the decoder.
    case auxiliaryResampling(name: String, filter: [Double])
    /// Adds a 1×1 convolution of that picture.
    case auxiliarySkip(name: String, inChannels: Int, outChannels: Int)
    /// Adds a convolution of what accompanies the encoder, halved, and puts the sum in its place.
    case auxiliaryResidual(name: String, inChannels: Int, outChannels: Int, filter: [Double])
    /// A normalisation and a convolution to the output's channels, added to what accompanies the decoder.
    case output(norm: String, convolution: String, inChannels: Int)

    /// The resolution in its name.
    func size(_ imageSize: Int) -> Int {
      let name =
        switch self {
        case .convolution(let name, _, _), .auxiliaryResampling(let name, _), .auxiliarySkip(let name, _, _),
          .auxiliaryResidual(let name, _, _, _):
          name
        case .output(let norm, _, _): norm
        case .block(let block): block.name
        }
      return EDMNames.resolution(name) ?? imageSize
    }
  }

  let kind: Kind
  /// The width and height of the pictures.
  let imageSize: Int
  let inChannels: Int
  let outChannels: Int
  /// The width and height at each level, highest first.
  let resolutions: [Int]
  /// The sizes of the sinusoids and of the embedding.
  let noiseChannels: Int
  let embeddingChannels: Int
  /// Whether the sinusoids' frequencies are random and stored (NCSN++).
  let hasFourierFeatures: Bool
  /// The classes; nil for an unconditional network.
  let classCount: Int?
  let encoder: [Layer]
  let decoder: [Layer]

  /// The factor of a block's and an attention's output with what it is added to.
  var skipScale: Float { kind == .song ? Float(0.5.squareRoot()) : 1 }

  /// The blocks, in both halves.
  var blocks: [Block] {
    (encoder + decoder).compactMap { if case .block(let block) = $0 { block } else { nil } }
  }

  /// The groups of a normalisation of `channels` channels.
  static func groups(_ channels: Int) -> Int { min(32, channels / 4) }
}

/// The names of layers: `enc.16x16_block0`.
enum EDMNames {
  /// 16 of `enc.16x16_block0`, or nil.
  static func resolution(_ name: some StringProtocol) -> Int? {
    let parts = name.split(separator: ".", maxSplits: 2)
    guard parts.count >= 2, let size = parts[1].split(separator: "_").first else { return nil }
    let sides = size.split(separator: "x", omittingEmptySubsequences: false)
    guard sides.count == 2, sides[0] == sides[1], let side = Int(sides[0]), side > 0, side <= 1 << 14 else {
      return nil
    }
    return side
  }
}
