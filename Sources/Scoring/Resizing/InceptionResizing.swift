import DiffusionImages
import TensorCore

/// How pictures are brought to the 299×299 pixels of Inception v3, and to its range. Scores differ by it, so that a
/// score without its name says little.
public enum InceptionResizing: String, Sendable, CaseIterable {
  /// TensorFlow 1, so guided-diffusion's evaluator, torch-fidelity and NVIDIA's metrics: `ResizeBilinear`, then
  /// (x - 128) / 128.
  case tensorFlow = "tensorflow"
  /// pytorch-fid: x / 255, `torch.nn.functional.interpolate`, then 2x - 1.
  case torch
  /// clean-fid (Parmar et al. 2022): Pillow's bicubic filter on floats, clamped to 0 … 255, then (x - 128) / 128.
  case clean

  /// The network's input for pictures of 8 bits with 1 or 3 channels, each of any size: `[N, 299, 299, 3]`, channels
  /// last. Grey is repeated, as the originals do by `convert("RGB")`.
  public func callAsFunction(_ pictures: [Picture]) -> Tensor {
    for picture in pictures {
      precondition(
        picture.bits == 8 && (picture.channels == 1 || picture.channels == 3),
        "a picture of \(picture.channels) channels and \(picture.bits) bits is not scored")
    }
    let side = InceptionNetwork.side
    let count = side * side * 3
    return Tensor([pictures.count, side, side, 3]) { out in
      ThreadPool.shared.forEach(pictures.count) { n in resize(pictures[n], into: out + n * count) }
    }
  }

  private func resize(_ picture: Picture, into out: UnsafeMutablePointer<Float>) {
    let side = InceptionNetwork.side
    let count = side * side * 3
    switch self {
    case .tensorFlow:
      BilinearResizing(kind: .tensorFlow) { Float($0) }(picture, side: side, into: out)
      for i in 0..<count { out[i] = (out[i] - 128) / 128 }
    case .torch:
      BilinearResizing(kind: .torch) { Float($0) / 255 }(picture, side: side, into: out)
      for i in 0..<count { out[i] = 2 * out[i] - 1 }
    case .clean:
      picture.converted(toChannels: 3).resampleBicubic(width: side, height: side, into: out)
      for i in 0..<count { out[i] = (min(max(out[i], 0), 255) - 128) / 128 }
    }
  }
}
