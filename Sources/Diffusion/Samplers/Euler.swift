import TensorCore

/// Euler's method for the probability flow in x / α and σ / α (Karras et al. 2022, algorithm 1 without its correction).
public struct Euler: Sampler {
  /// No settings.
  public init() {}

  /// Goes straight on in the direction of the noise.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ setting: SamplingContext, noise: inout some NoiseSource
  ) -> (x: Tensor, predXStart: Tensor) {
    noise.skip()
    let predXStart = setting.predXStart(x, step: i)
    return (setting.diffusion.flow(x, predXStart, from: i, to: i - 1), predXStart)
  }

  /// Noise alone, as there is no picture yet.
  public func initialScale(_ diffusion: GaussianDiffusion) -> Float {
    Float(diffusion.level(diffusion.count - 1).sigma)
  }
}

/// Euler's method to a level below the next one, and new noise up to it, so that each step has DDPM's variance (k-diffusion's
/// `sample_euler_ancestral`; the variance is Ho et al. 2020's β̃).
public struct EulerAncestral: Sampler {
  /// No settings.
  public init() {}

  /// Goes further than to the next level, and adds what is missing as new noise.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ setting: SamplingContext, noise: inout some NoiseSource
  ) -> (x: Tensor, predXStart: Tensor) {
    let predXStart = setting.predXStart(x, step: i)
    let (s, t) = (setting.diffusion.level(i), setting.diffusion.level(i - 1))
    let (from, to) = (s.relative, t.relative)
    let up = (to * to * (from * from - to * to) / (from * from)).squareRoot()
    let down = (to * to - up * up).squareRoot()
    // x / α is x₀ + σ / α · ε.
    let ratio = t.alpha * down / from
    let next = sum((ratio / s.alpha, x), (t.alpha - ratio, predXStart))
    guard up > 0 else {
      noise.skip()
      return (next, predXStart)
    }
    return (sum((1, next), (t.alpha * up, noise.next())), predXStart)
  }

  /// Noise alone, as there is no picture yet.
  public func initialScale(_ diffusion: GaussianDiffusion) -> Float {
    Float(diffusion.level(diffusion.count - 1).sigma)
  }
}

extension GaussianDiffusion {
  /// The pictures `x` at step `i`, taken to another level along x₀ and the noise that it implies: DDIM's step without new noise, and
  /// Euler's.
  func flow(_ x: Tensor, _ predXStart: Tensor, from i: Int, to j: Int) -> Tensor {
    let (s, t) = (level(i), level(j))
    let ratio = t.sigma / s.sigma
    return sum((ratio, x), (t.alpha - ratio * s.alpha, predXStart))
  }
}
