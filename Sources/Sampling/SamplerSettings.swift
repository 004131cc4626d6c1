import DiffusionCore
import DiffusionText
import TensorCore

/// What a plan's sampler is made with, and starts from.
extension SamplingPlan {
  /// η of DDIM: as it was asked for, or the code base's; none where the noise has to decide the image.
  var eta: Double {
    if let eta = request.eta { return eta }
    guard case .noise = request.source, noise == nil || request.noise != nil else { return 0 }
    return model.specification.conventions.ddimEta
  }

  /// The parameters of the sampler.
  var parameters: SamplerParameters {
    var langevin = model.specification.process.continuous?.langevin ?? Langevin()
    // As in the original's batches, of which PyTorch's stream draws.
    langevin.pools = request.noiseStream == .torch
    let conventions = model.specification.conventions
    let churn =
      request.churn.map { amount in
        amount == 0
          ? nil
          : Churn(
            amount: amount, sigmaMin: request.churnMin ?? 0, sigmaMax: request.churnMax, noise: request.churnNoise ?? 1)
      } ?? conventions.churn
    return SamplerParameters(
      eta: eta, keepsEpsilon: conventions.keepsEpsilon, churn: churn, langevin: langevin)
  }

  /// The factor of standard normal noise at the noisiest level, and what is added to it.
  func startingNoise(_ sampler: any Sampler) -> (scale: Float, offset: Float) {
    if let continuous = process as? ContinuousProcess {
      return continuous.diffusion.startingNoise(continuous.sigmas[continuous.count - 1])
    }
    // With leading spacing, diffusers' Euler and Heun start as if an image of unit variance were in the noise.
    let startsAtUnitVariance =
      model.specification.conventions.spacesAsSchedulers && self.sampler.spacingStyle == .continuous
      && spacing == .leading
    return (startsAtUnitVariance ? 1 : sampler.initialScale(process), 0)
  }

  /// - Throws: `SamplingError.request` if churn would do nothing.
  static func checkChurn(
    _ request: SamplingRequest, _ process: any NoiseProcess, _ sampler: SamplerInfo, _ samplers: [SamplerInfo]
  ) throws(SamplingError) {
    guard request.churn ?? 0 > 0 else { return }
    let takers = samplers.filter { $0.parameters.contains(.churn) }.map(\.name)
    guard let continuous = process as? ContinuousProcess, continuous.diffusion.form.isAdditive else {
      throw .request("--s-churn is for EDM models, and the process here is another; leave it out")
    }
    guard sampler.parameters.contains(.churn) else {
      throw .request(
        """
        --s-churn is for \(takers.joined(separator: " and ")), but the sampler is \(sampler.name); type --sampler \
        \(takers[0]), or leave --s-churn out
        """)
    }
    let range = (request.churnMin ?? 0)...max(request.churnMin ?? 0, request.churnMax ?? .infinity)
    guard continuous.sigmas.contains(where: range.contains) else {
      throw .request(
        """
        --s-churn adds noise at none of the levels, which are \(decimal(continuous.sigmas[0], 3)) to \
        \(decimal(continuous.sigmas[continuous.count - 1], 3)); type another --s-tmin or --s-tmax, or leave --s-churn \
        out
        """)
    }
  }
}
