import DiffusionCore
import Foundation

/// A process that no module knows of: α is 1 and σ rises from 0.02 to 80, evenly in its logarithm (Song et al. 2021,
/// "Score-Based Generative Modeling", §3.4, as Karras et al. 2022 condition it: on ln σ / 4).
struct VarianceExploding: NoiseProcess {
  let count: Int
  var parameterization: any Parameterization = XStartParameterization()
  var learnsVariance = false
  /// Whether the network takes x / √(σ² + 1).
  var scalesInput = false

  init(count: Int) { self.count = count }

  func level(_ i: Int) -> NoiseLevel {
    guard i >= 0 else { return .noiseless }
    let sigma = 0.02 * pow(80 / 0.02, Double(i) / Double(count - 1))
    return NoiseLevel(
      alpha: 1, sigma: sigma, conditioning: Float(log(sigma) / 4),
      inputScale: scalesInput ? Float(1 / (sigma * sigma + 1).squareRoot()) : 1)
  }

  func timestep(_ i: Int) -> Double { Double(i) }

  /// The best network for pictures whose pixels are normal with this mean and deviation, which knows σ by what it is
  /// told of it alone.
  func idealModel(mean: Double, deviation: Double) -> Denoiser {
    let isEpsilon = parameterization is EpsilonParameterization
    return { input, conditioning in
      let sigma = exp(4 * Double(conditioning[0]))
      let scale = scalesInput ? (sigma * sigma + 1).squareRoot() : 1
      let (data, noise) = (deviation * deviation, sigma * sigma)
      let output = input.map { value in
        let x = scale * Double(value)
        let xStart = (data * x + noise * mean) / (data + noise)
        return Float(isEpsilon ? (x - xStart) / sigma : xStart)
      }
      return learnsVariance ? output.joiningChannels(input.map { _ in 9 }) : output
    }
  }
}
