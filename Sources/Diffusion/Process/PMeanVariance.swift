import DiffusionPlatform
import TensorCore

/// The model's estimate of p(x_{t-1} | x_t), and its x̂₀.
struct PMeanVariance {
  let mean: Tensor
  let logVariance: LogVariance
  let predXStart: Tensor
  /// The model's prediction, `[N, C, …]`: x₀, ε, v or x_{t-1}.
  let output: Tensor

  /// One value for all elements, or one for each.
  enum LogVariance {
    case fixed(Float)
    case learned(Tensor)
  }
}

extension GaussianDiffusion {
  /// Evaluates the model at step `i` (Ho et al. 2020, eq. 7 with x̂₀ for x₀; the original's `p_mean_variance`).
  ///
  /// Tables are rounded to float32 where the original rounds them.
  func pMeanVariance(_ model: Denoiser, _ x: Tensor, step i: Int, _ clipping: Clipping) -> PMeanVariance {
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

    let predXStart = xStart(from: prediction, x, step: i, clipping)
    let (coef1, coef2) = (Float(posteriorMeanCoef1[i]), Float(posteriorMeanCoef2[i]))
    let mean = meanType == .previousX ? prediction : predXStart.zip(x) { coef1 * $0 + coef2 * $1 }
    return PMeanVariance(mean: mean, logVariance: logVariance, predXStart: predXStart, output: prediction)
  }

  /// The log variance if it is not learned.
  func fixedLogVariance(_ i: Int) -> Float {
    // Step 0 uses the posterior's, which gives the last, noiseless step a better likelihood.
    let isSmall = varType == .fixedSmall || varType == .fixedLarge && i == 0
    return Float(isSmall ? posteriorLogVarianceClipped[i] : log(betas[i]))
  }

  /// The model's own ε, whatever it predicts: the one implied by x̂₀ before clipping.
  func epsilon(output: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    switch meanType {
    case .epsilon: output
    case .velocity: sum((level(i).alpha, output), (level(i).sigma, x))
    case .startX, .previousX: epsilon(xStart: xStart(from: output, x, step: i), x, step: i)
    }
  }
}
