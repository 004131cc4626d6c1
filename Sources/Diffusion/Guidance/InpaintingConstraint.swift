import TensorCore

/// Keeps part of the given images fixed while the sampler fills in the rest. At each noise level the kept pixels,
/// noised to that level, replace the sampler's (Lugmayr et al. 2022, "RePaint", algorithm 1, lines 4, 5 and 8), so that
/// the rest is generated to fit them.
public struct InpaintingConstraint: Sendable {
  private let pictures: Tensor
  private let mask: Tensor
  private let addsNoise: Bool

  /// - Parameters:
  ///   - pictures: x₀, `[N, C, H, W]` in [-1, 1].
  ///   - mask: `[1, 1, H, W]`, 0 where the images are kept; the rest is generated.
  ///   - addsNoise: whether kept pixels are noised to each level; networks that know images so do without.
  public init(_ pictures: Tensor, drawnWhere mask: Tensor, addsNoise: Bool = true) {
    precondition(
      pictures.shape.count == 4 && mask.shape == [1, 1] + pictures.shape.suffix(2),
      "a mask of shape \(mask.shape) for pictures of \(pictures.shape)")
    (self.pictures, self.mask, self.addsNoise) = (pictures, mask, addsNoise)
  }

  /// Restores the kept pixels in `x`, `[N, C, H, W]`, at the noise level `level`. Draws from `noise` once, except at
  /// the noiseless level, where the kept pixels are restored exactly.
  func restored(in x: Tensor, _ level: NoiseLevel, noise: () -> Tensor) -> Tensor {
    precondition(x.shape == pictures.shape, "pictures of shape \(pictures.shape) kept in some of \(x.shape)")
    let known = addsNoise && level.sigma > 0 ? sum((level.alpha, pictures), (level.sigma, noise())) : pictures
    let pixels = mask.count
    var restored = x
    restored.withUnsafeMutablePointer { target in
      known.withUnsafePointer { known in
        mask.withUnsafePointer { mask in
          for i in 0..<x.count where mask[i % pixels] == 0 { target[i] = known[i] }
        }
      }
    }
    return restored
  }
}
