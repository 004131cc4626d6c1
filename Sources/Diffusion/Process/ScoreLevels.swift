import DiffusionPlatform

// How the score-based processes that EDM's preconditionings know number their levels (Karras et al. 2022, table 1 and
// appendix C). The original code computes these in float32, and its rounding decides what a network is told.

/// The time t, in 0 to 1, at which the variance preserving process has noise of σ: the inverse of
/// σ(t) = √(e^{β_d·t²/2 + β_min·t} - 1), with β_d = 19.9 and β_min = 0.1.
func vpTime(_ sigma: Double) -> Float {
  let (range, least) = (Float(19.9), Float(0.1))
  let sigma = Float(sigma)
  let logarithm = Float(log(Double(1 + sigma * sigma)))
  return ((least * least + 2 * range * logarithm).squareRoot() - least) / range
}

/// The noise levels u_j of improved-diffusion's cosine schedule, as EDM's iDDPM preconditioning numbers them, highest
/// first, with 1,000 steps (Karras et al. 2022, table 1, the time steps of "iDDPM + DDIM").
enum IDDPMLevels {
  /// u_0 to u_1000, which is 0.
  private static let all: [Float] = {
    let steps = 1000
    func alphaBar(_ j: Int) -> Float {
      let angle = Float(0.5 * Double.pi) * Float(j) / Float(steps) / Float(1 + 0.008)
      let sine = Float(sin(Double(angle)))
      return sine * sine
    }
    var levels = [Float](repeating: 0, count: steps + 1)
    for j in stride(from: steps, through: 1, by: -1) {
      let ratio = max(alphaBar(j - 1) / alphaBar(j), 0.001)
      levels[j - 1] = ((levels[j] * levels[j] + 1) / ratio - 1).squareRoot()
    }
    return levels
  }()

  /// The least level above 0.
  static var least: Double { Double(all[all.count - 2]) }

  /// The timestep, from 0, with the level nearest to `sigma`.
  static func timestep(_ sigma: Double) -> Int {
    let sigma = Float(sigma)
    let nearest = all.indices.dropLast().min { abs(all[$0] - sigma) < abs(all[$1] - sigma) } ?? 0
    return all.count - 2 - nearest
  }

  /// The level of a timestep.
  static func sigma(timestep: Int) -> Double { Double(all[all.count - 2 - timestep]) }
}

/// The time of step `i` of `count` of a variance exploding process, from 1 down to ε = 1e-5, as `torch.linspace` rounds
/// it (Song et al. 2021, "Score-Based Generative Modeling through SDEs", appendix C).
func veTime(_ i: Int, of count: Int) -> Float {
  let last: Float = 1e-5
  guard count > 1 else { return 1 }
  let step = (last - 1) / Float(count - 1)
  return i < count / 2 ? 1 + step * Float(i) : last - step * Float(count - 1 - i)
}

extension ContinuousDiffusion {
  /// σ of step `i` of `count` of a variance exploding process.
  func veSigma(_ i: Int, of count: Int) -> Double {
    sigmaMin * pow(sigmaMax / sigmaMin, Double(veTime(i, of: count)))
  }

  /// The levels between which the predictor of a variance exploding process takes step `i` of `count`: σ is spaced
  /// evenly in its logarithm, and the time of a step, which is slightly off one of these levels, is rounded down to it.
  /// That can take the level below, as in the original.
  func predictorSigmas(_ i: Int, of count: Int) -> (from: Double, to: Double) {
    func level(_ k: Int) -> Double {
      if k < 0 { return 0 }
      return sigmaMin * pow(sigmaMax / sigmaMin, count > 1 ? Double(k) / Double(count - 1) : 0)
    }
    let k = Int(veTime(i, of: count) * Float(count - 1))
    return (level(k), level(k - 1))
  }
}
