import DiffusionPlatform

/// The losses of one image, accumulated over its elements in float64.
struct PictureLoss {
  /// The mean squared error of the model's prediction.
  var mse = 0.0
  /// The term of the variational bound, in bits per dimension, before scaling.
  var vb = 0.0
}

/// Computes the losses of one image at one step from its elements.
///
/// Tables are rounded to float32 where the original rounds them. The arithmetic is in float64, because the derivatives
/// depend on small differences.
struct PictureLossRule {
  /// Whether this is step 0, the last to be denoised, whose term is a likelihood.
  private let isFirst: Bool
  private let meanType: ModelMeanType
  /// The target's factors where the model predicts v: `velocity.noise`·ε - `velocity.xStart`·x₀.
  private let velocity: (noise: Double, xStart: Double)
  /// The mean of q(x_{t-1} | x_t, x₀) is `posterior.xStart`·x₀ + `posterior.xT`·x_t.
  private let posterior: (xStart: Double, xT: Double)
  private let posteriorLogVariance: Double
  /// The model's mean is `mean.output`·output + `mean.xT`·x_t.
  private let mean: (output: Double, xT: Double)
  /// The model's log σ² is `logVariance.offset` + `logVariance.slope`·v, with v from the variance channels.
  private let logVariance: (offset: Double, slope: Double)
  private let isVarianceLearned: Bool
  private let hasMSE: Bool
  private let hasVB: Bool
  /// The factor of the variational term in the loss.
  let vbScale: Double

  init(_ diffusion: GaussianDiffusion, step i: Int, type: LossType) {
    func rounded(_ value: Double) -> Double { Double(Float(value)) }
    isFirst = i == 0
    meanType = diffusion.meanType
    velocity = (rounded(diffusion.level(i).alpha), rounded(diffusion.level(i).sigma))
    posterior = (rounded(diffusion.posteriorMeanCoef1[i]), rounded(diffusion.posteriorMeanCoef2[i]))
    posteriorLogVariance = rounded(diffusion.posteriorLogVarianceClipped[i])
    switch meanType {
    case .previousX: mean = (1, 0)
    case .startX: mean = (posterior.xStart, posterior.xT)
    case .velocity:
      mean = (-posterior.xStart * velocity.xStart, posterior.xStart * velocity.noise + posterior.xT)
    case .epsilon:
      mean = (
        -posterior.xStart * Double(diffusion.sqrtRecipm1AlphasCumprod(i)),
        posterior.xStart * Double(diffusion.sqrtRecipAlphasCumprod(i)) + posterior.xT
      )
    }
    isVarianceLearned = diffusion.varType.isLearned
    switch diffusion.varType {
    case .fixedSmall, .fixedLarge: logVariance = (Double(diffusion.fixedLogVariance(i)), 0)
    case .learned: logVariance = (0, 1)
    case .learnedRange:
      let (low, high) = (posteriorLogVariance, rounded(log(diffusion.betas[i])))
      logVariance = ((low + high) / 2, (high - low) / 2)
    }
    hasMSE = !type.isVB
    hasVB = type.isVB || isVarianceLearned
    vbScale =
      switch type {
      case .mse, .kl: 1
      case .rescaledMSE: Double(diffusion.count) / 1000
      case .rescaledKL: Double(diffusion.count)
      }
  }

  /// Computes the losses of an image with `count` elements. Writes the derivative of its loss to `gradient`, laid out
  /// like `output`: first the mean, then the variance if it is learned.
  func callAsFunction(
    output: UnsafePointer<Float>, xStart: UnsafePointer<Float>, xT: UnsafePointer<Float>,
    noise: UnsafePointer<Float>, count: Int, gradient: UnsafeMutablePointer<Float>
  ) -> PictureLoss {
    var sums = PictureLoss()
    let toBits = 1 / (Double(count) * log(2))
    let mseFactor = 1 / Double(count)
    let vbFactor = vbScale * toBits
    for e in 0..<count {
      let predicted = Double(output[e])
      let noisy = Double(xT[e])
      let posteriorMean = posterior.xStart * Double(xStart[e]) + posterior.xT * noisy
      var byOutput = 0.0
      if hasMSE {
        let target =
          switch meanType {
          case .previousX: posteriorMean
          case .startX: Double(xStart[e])
          case .epsilon: Double(noise[e])
          case .velocity: velocity.noise * Double(noise[e]) - velocity.xStart * Double(xStart[e])
          }
        let difference = predicted - target
        sums.mse += difference * difference
        byOutput = 2 * difference * mseFactor
      }
      if hasVB {
        let predictedMean = mean.output * predicted + mean.xT * noisy
        let predictedLogVariance =
          logVariance.offset + (isVarianceLearned ? logVariance.slope * Double(output[count + e]) : 0)
        let term =
          isFirst
          ? VariationalTerm.discretizedGaussianNLL(xStart[e], mean: predictedMean, logVariance: predictedLogVariance)
          : VariationalTerm.normalKL(
            posteriorMean: posteriorMean, posteriorLogVariance: posteriorLogVariance, mean: predictedMean,
            logVariance: predictedLogVariance)
        sums.vb += term.value
        // Alongside a squared error the bound trains only the variance (Nichol & Dhariwal 2021, §3.1).
        if !hasMSE { byOutput = term.byMean * mean.output * vbFactor }
        if isVarianceLearned { gradient[count + e] = Float(term.byLogVariance * logVariance.slope * vbFactor) }
      }
      gradient[e] = Float(byOutput)
    }
    sums.mse *= mseFactor
    sums.vb *= toBits
    return sums
  }
}
