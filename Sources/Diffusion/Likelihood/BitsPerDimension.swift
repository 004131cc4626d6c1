import DiffusionPlatform
import TensorCore

/// The variational bound on -log₂ p(x₀) of N images (Ho et al. 2020, eq. 5) in bits per dimension, with its terms and
/// prediction errors. T is the number of steps in the process.
public struct BitsPerDimension: Sendable {
  /// The bound for each image, `[N]`: the sum of its `vb` and `priorBPD`.
  public let totalBPD: [Float]
  /// L_T of each image, `[N]`: how far x_T is from pure noise, which no model can change.
  public let priorBPD: [Float]
  /// The term of each step, `[N, T]`. As in the original, columns are in sampling order: the first is step T - 1.
  public let vb: Tensor
  /// The mean squared error of x̂₀, `[N, T]`, in the same order.
  public let xStartMSE: Tensor
  /// The mean squared error of the predicted ε, `[N, T]`, in the same order.
  public let mse: Tensor

  /// Sums the `terms` of all steps, from T - 1 down to 0, for N images with the given `priorBPD`, `[N]`.
  public init(priorBPD: [Float], terms: [BPDTerms]) {
    func table(_ values: (BPDTerms) -> [Float]) -> Tensor {
      let columns = terms.map(values)
      return Tensor([priorBPD.count, terms.count], priorBPD.indices.flatMap { n in columns.map { $0[n] } })
    }
    self.priorBPD = priorBPD
    totalBPD = priorBPD.enumerated().map { n, prior in
      Float(terms.reduce(Double(prior)) { $0 + Double($1.vb[n]) })
    }
    (vb, xStartMSE, mse) = (table(\.vb), table(\.xStartMSE), table(\.mse))
  }
}

/// The contribution of one step to `BitsPerDimension`; each array is `[N]`.
public struct BPDTerms: Sendable {
  /// The term of the bound, in bits per dimension.
  public let vb: [Float]
  /// The mean squared error of x̂₀.
  public let xStartMSE: [Float]
  /// The mean squared error of the predicted ε.
  public let mse: [Float]
}

extension GaussianDiffusion {
  /// Computes the contribution of step `i` to the variational bound (one iteration of the original's `calc_bpd_loop`).
  /// Evaluates the model once.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - xStart: x₀, `[N, C, …]` in [-1, 1], quantised to 256 levels.
  ///   - noise: ε, standard normal, of the same shape as `xStart`.
  ///   - i: the step, in `0 ..< count`. The original's loop runs from T - 1 down to 0 and draws no x_T first.
  ///   - clipping: how x̂₀ is clipped.
  public func bpdTerms(
    _ model: Denoiser, _ xStart: Tensor, noise: Tensor, step i: Int, clipping: Clipping = .range(1)
  ) -> BPDTerms {
    let steps = [Int](repeating: i, count: xStart.shape[0])
    let elements = elementsPerPicture(xStart, steps: steps)
    let xT = qSample(xStart, steps: steps, noise: noise)
    let p = pMeanVariance(model, xT, step: i, clipping)

    let coefficients = (Double(Float(posteriorMeanCoef1[i])), Double(Float(posteriorMeanCoef2[i])))
    let posteriorLogVariance = Double(Float(posteriorLogVarianceClipped[i]))
    // The coefficients of the ε that x_t and x̂₀ imply (Ho et al. 2020, eq. 4).
    let (a, b) = (Double(sqrtRecipAlphasCumprod(i)), Double(sqrtRecipm1AlphasCumprod(i)))
    var (vb, xStartMSE, mse) = ([Float](), [Float](), [Float]())
    for n in 0..<steps.count {
      var sums = (vb: 0.0, xStart: 0.0, noise: 0.0)
      for e in n * elements..<(n + 1) * elements {
        let (x, noisy, predXStart) = (Double(xStart[e]), Double(xT[e]), Double(p.predXStart[e]))
        let logVariance =
          switch p.logVariance {
          case .fixed(let value): Double(value)
          case .learned(let values): Double(values[e])
          }
        sums.vb +=
          (i == 0
          ? VariationalTerm.discretizedGaussianNLL(xStart[e], mean: Double(p.mean[e]), logVariance: logVariance)
          : VariationalTerm.normalKL(
            posteriorMean: coefficients.0 * x + coefficients.1 * noisy, posteriorLogVariance: posteriorLogVariance,
            mean: Double(p.mean[e]), logVariance: logVariance)).value
        sums.xStart += (predXStart - x) * (predXStart - x)
        let difference = (a * noisy - predXStart) / b - Double(noise[e])
        sums.noise += difference * difference
      }
      vb.append(Float(sums.vb / (Double(elements) * log(2))))
      xStartMSE.append(Float(sums.xStart / Double(elements)))
      mse.append(Float(sums.noise / Double(elements)))
    }
    return BPDTerms(vb: vb, xStartMSE: xStartMSE, mse: mse)
  }

  /// L_T of each image in `xStart`, `[N, C, …]`, in bits per dimension, `[N]`: KL(q(x_T | x₀) ‖ N(0, I)) (the
  /// original's `_prior_bpd`).
  public func priorBPD(_ xStart: Tensor) -> [Float] {
    let last = count - 1
    let elements = elementsPerPicture(xStart, steps: [Int](repeating: last, count: xStart.shape[0]))
    let signal = Double(Float(alphasCumprod[last].squareRoot()))
    let logVariance = Double(Float(log(1 - alphasCumprod[last])))
    return (0..<xStart.shape[0]).map { n in
      var sum = 0.0
      for e in n * elements..<(n + 1) * elements {
        sum +=
          VariationalTerm.normalKL(
            posteriorMean: signal * Double(xStart[e]), posteriorLogVariance: logVariance, mean: 0, logVariance: 0
          ).value
      }
      return Float(sum / (Double(elements) * log(2)))
    }
  }
}
