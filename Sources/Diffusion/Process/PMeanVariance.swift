import DiffusionPlatform
import TensorCore

/// p(x_{t-1} | x_t) as the model sees it, and the x₀ it expects.
struct PMeanVariance {
  let mean: Tensor
  let logVariance: LogVariance
  let predXStart: Tensor
  /// What the model predicts, `[N, C, …]`: x₀, ε or x_{t-1}.
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
    let output = output(of: model, x, step: i)
    let prediction = prediction(in: output, for: x)
    let channels = x.shape[1]
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

    let predXStart = xStart(from: prediction, x, step: i, isClipped: clipDenoised)
    let (coef1, coef2) = (Float(posteriorMeanCoef1[i]), Float(posteriorMeanCoef2[i]))
    let mean = meanType == .previousX ? prediction : predXStart.zip(x) { coef1 * $0 + coef2 * $1 }
    return PMeanVariance(mean: mean, logVariance: logVariance, predXStart: predXStart, output: prediction)
  }

  /// The logarithm of the variance where it is not learned.
  func fixedLogVariance(_ i: Int) -> Float {
    // The first is the posterior's, for the better likelihood of the last, noiseless step.
    let isSmall = varType == .fixedSmall || varType == .fixedLarge && i == 0
    return Float(isSmall ? posteriorLogVarianceClipped[i] : log(betas[i]))
  }

  /// The model's own ε, whatever it predicts: what x̂₀ before clipping implies.
  func epsilon(output: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    meanType == .epsilon ? output : epsilon(xStart: xStart(from: output, x, step: i), x, step: i)
  }
}
