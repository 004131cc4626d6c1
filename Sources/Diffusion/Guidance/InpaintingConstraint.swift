import TensorCore

/// What of pictures is kept while the rest of them is drawn. At each noise level it is put in the place of what the sampler made there,
/// under noise of that level (Lugmayr et al. 2022, "RePaint", algorithm 1, lines 4, 5 and 8), so that the rest is drawn to fit it.
public struct InpaintingConstraint: Sendable {
  private let pictures: Tensor
  private let mask: Tensor

  /// - Parameters:
  ///   - pictures: x₀, `[N, C, H, W]` in [-1, 1].
  ///   - mask: `[1, 1, H, W]`, 0 where all of them are kept; elsewhere they are drawn.
  public init(_ pictures: Tensor, drawnWhere mask: Tensor) {
    precondition(
      pictures.shape.count == 4 && mask.shape == [1, 1] + pictures.shape.suffix(2),
      "a mask of shape \(mask.shape) for pictures of \(pictures.shape)")
    (self.pictures, self.mask) = (pictures, mask)
  }

  /// `x`, `[N, C, H, W]` of a noise level, with what is kept in its place. Draws from `noise` once, but not at the level without noise,
  /// where what is kept is exactly that of the pictures.
  func restored(in x: Tensor, _ level: NoiseLevel, noise: inout some NoiseSource) -> Tensor {
    precondition(x.shape == pictures.shape, "pictures of shape \(pictures.shape) kept in some of \(x.shape)")
    let known = level.sigma > 0 ? sum((level.alpha, pictures), (level.sigma, noise.next())) : pictures
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

extension GaussianDiffusion {
  /// Adds to `x` at step `i` the noise that it has more at step `j` > `i`: draws from q(x_j | x_i), what the steps between would add one
  /// after the other (Lugmayr et al. 2022, algorithm 1, line 10). `noise` is standard normal, of the shape of `x`.
  func noised(_ x: Tensor, from i: Int, to j: Int, noise: Tensor) -> Tensor {
    let kept = alphasCumprod[j] / alphasCumprod[i]
    return sum((kept.squareRoot(), x), ((1 - kept).squareRoot(), noise))
  }
}
