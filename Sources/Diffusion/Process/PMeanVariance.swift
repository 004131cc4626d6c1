import DiffusionPlatform
import TensorCore

/// A model of noisy pictures: takes x_t, `[N, C, …]`, and the timestep of each picture, `[N]`, on the scale it was trained
/// with; puts out `[N, C, …]`, or `[N, 2C, …]` if it predicts the variance too.
public typealias Denoiser = (_ x: Tensor, _ timesteps: [Float]) -> Tensor

/// p(x_{t-1} | x_t) as the model sees it, and the x₀ it expects.
struct PMeanVariance {
  let mean: Tensor
  let logVariance: LogVariance
  let predXStart: Tensor
  /// What the model says of x₀, ε or x_{t-1}, `[N, C, …]`.
  let output: Tensor

  /// One for all elements, or one for each.
  enum LogVariance {
    case fixed(Float)
    case learned(Tensor)
  }
}

extension GaussianDiffusion {
  /// Applies the model at step `i` (Ho et al. 2020, eq. 7 with x₀ predicted; `p_mean_variance` of the original).
  ///
  /// The tables are rounded to float32 where the original does so.
  func pMeanVariance(_ model: Denoiser, _ x: Tensor, step i: Int, clipDenoised: Bool) -> PMeanVariance {
    let (batch, channels) = (x.shape[0], x.shape[1])
    let timesteps = [Float](repeating: modelTimestep(i), count: batch)
    let output = model(x, timesteps)
    let expected = [batch, varType.isLearned ? 2 * channels : channels] + x.shape.dropFirst(2)
    precondition(output.shape == expected, "the model puts out \(output.shape), expected \(expected)")

    let values = varType.isLearned ? output.channels(0..<channels) : output
    let logVariance: PMeanVariance.LogVariance
    switch varType {
    case .fixedSmall, .fixedLarge: logVariance = .fixed(fixedLogVariance(i))
    case .learned: logVariance = .learned(output.channels(channels..<2 * channels))
    case .learnedRange:
      let (low, high) = (Float(posteriorLogVarianceClipped[i]), Float(log(betas[i])))
      logVariance = .learned(
        output.channels(channels..<2 * channels).map { value in
          let fraction = (value + 1) / 2
          return fraction * high + (1 - fraction) * low
        })
    }

    let predXStart = predictXStart(values, x, step: i).map { clipDenoised ? min(max($0, -1), 1) : $0 }
    let (coef1, coef2) = (Float(posteriorMeanCoef1[i]), Float(posteriorMeanCoef2[i]))
    let mean = meanType == .previousX ? values : predXStart.zip(x) { coef1 * $0 + coef2 * $1 }
    return PMeanVariance(mean: mean, logVariance: logVariance, predXStart: predXStart, output: values)
  }

  /// The logarithm of the variance where it is not learned.
  func fixedLogVariance(_ i: Int) -> Float {
    // The first is the posterior's, for the better likelihood of the last, noiseless step.
    let isSmall = varType == .fixedSmall || varType == .fixedLarge && i == 0
    return Float(isSmall ? posteriorLogVarianceClipped[i] : log(betas[i]))
  }

  /// x₀ from what the model puts out.
  private func predictXStart(_ output: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    switch meanType {
    case .startX: return output
    case .epsilon:
      // x_t = √ᾱ·x₀ + √(1 - ᾱ)·ε (Ho et al. 2020, eq. 4), solved for x₀.
      let (a, b) = (sqrtRecipAlphasCumprod(i), sqrtRecipm1AlphasCumprod(i))
      return x.zip(output) { a * $0 - b * $1 }
    case .previousX:
      let a = Float(1 / posteriorMeanCoef1[i])
      let b = Float(posteriorMeanCoef2[i] / posteriorMeanCoef1[i])
      return output.zip(x) { a * $0 - b * $1 }
    }
  }

  /// ε from x₀ (Ho et al. 2020, eq. 4).
  func epsilon(predXStart: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    let (a, b) = (sqrtRecipAlphasCumprod(i), sqrtRecipm1AlphasCumprod(i))
    return x.zip(predXStart) { (a * $0 - $1) / b }
  }

  /// ε as the model says it, whatever it predicts.
  func epsilon(output: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    meanType == .epsilon ? output : epsilon(predXStart: predictXStart(output, x, step: i), x, step: i)
  }

  /// √(1 / ᾱ).
  func sqrtRecipAlphasCumprod(_ i: Int) -> Float { Float((1 / alphasCumprod[i]).squareRoot()) }

  /// √(1 / ᾱ - 1).
  func sqrtRecipm1AlphasCumprod(_ i: Int) -> Float { Float((1 / alphasCumprod[i] - 1).squareRoot()) }
}
