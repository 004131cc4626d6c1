import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ancestral sampling (Ho et al. 2020, algorithm 2): each step draws x_{t-1} from the Gaussian that the model predicts.
///
/// A sequence of the states after each step; the last one holds the result.
public struct DDPMSampler<Noise: NoiseSource>: Sequence, IteratorProtocol {
  private let setting: SamplerSetting
  /// Where noise comes from, as the steps so far have left it.
  public private(set) var noise: Noise
  private var x: Tensor
  private var i: Int

  /// Starts from `x`, x_T, `[N, C, …]`; `noise` is drawn from once a step.
  public init(_ setting: SamplerSetting, from x: Tensor, noise: Noise) {
    self.setting = setting
    self.noise = noise
    self.x = x
    i = setting.diffusion.count - 1
  }

  /// Denoises by one step; nil when there is none left.
  public mutating func next() -> SamplerState? {
    guard i >= 0 else { return nil }
    let diffusion = setting.diffusion
    var p = diffusion.pMeanVariance(setting.model, x, step: i, clipDenoised: setting.clipDenoised)
    if let gradient = setting.gradient(x, step: i) { p = diffusion.conditionMean(p, gradient) }
    if i == 0 {
      // The last step adds none.
      noise.skip()
      x = p.mean
    } else {
      let z = noise.next()
      switch p.logVariance {
      case .fixed(let logVariance):
        let deviation = expf(0.5 * logVariance)
        x = p.mean.zip(z) { $0 + deviation * $1 }
      case .learned(let logVariance):
        x = p.mean + logVariance.zip(z) { expf(0.5 * $0) * $1 }
      }
    }
    defer { i -= 1 }
    return SamplerState(
      step: diffusion.count - i, steps: diffusion.count, timestep: diffusion.timestepMap[i], x: x,
      predXStart: p.predXStart)
  }
}
