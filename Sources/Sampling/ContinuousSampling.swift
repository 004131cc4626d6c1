import DiffusionCore
import DiffusionText

extension ContinuousDiffusion {
  /// The sampler if the request names none: what the publishers of such models advise.
  func defaultSampler(_ request: SamplingRequest) -> SamplerInfo {
    switch form {
    case .consistency, .discreteConsistency:
      let steps = request.scales.map { $0.count - 1 } ?? request.sigmas?.count ?? request.steps ?? 1
      return steps == 1 ? Consistency.onestepInfo : Consistency.multistepInfo
    case .edm, .edmVP, .edmVE, .edmIDDPM: return Heun.info
    case .ve: return PredictorCorrector.info
    case .flow, .rectifiedFlow: return Euler.info
    }
  }

  /// The number of steps if the request says none (Karras et al. 2022, §5, for EDM).
  private func defaultSteps(_ sampler: SamplerInfo) -> Int {
    switch form {
    case .consistency: min(sampler.defaultSteps, steps)
    case .discreteConsistency: sampler.defaultSteps
    case .edm, .edmVP, .edmVE, .edmIDDPM: 18
    case .ve: sampler.name == PredictorCorrector.info.name ? steps : 50
    case .flow, .rectifiedFlow: 50
    }
  }

  /// The levels that a request's sampler visits, highest first; `usual` of them if the request says no number.
  ///
  /// - Throws: `SamplingError`, `SpacingError`.
  func sigmas(_ request: SamplingRequest, _ sampler: SamplerInfo, usual: Int?) throws -> [Double] {
    let unsuitable = [
      ("--timesteps", request.timesteps != nil), ("--respacing", request.respacing != nil),
      ("--spacing", request.spacing != nil),
    ]
    if let option = unsuitable.first(where: \.1)?.0 {
      throw SamplingError.request(
        "\(option) is for models with timesteps; this one's noise levels are continuous: type --steps or --sigmas")
    }
    if let sigmas = request.sigmas {
      let most = form.isFlow ? 1 : sigmaMax
      guard let first = sigmas.first, first <= most else {
        throw SamplingError.request(
          "--sigmas: the highest level of the model is \(numberText(most)); begin there or below")
      }
      return sigmas
    }
    if let scales = request.scales {
      guard form == .consistency else {
        throw SamplingError.request("--ts is for consistency models with numbered levels; type --steps or --sigmas")
      }
      var numbered = self
      numbered.steps = request.steps ?? steps
      guard let last = scales.last, last == numbered.steps - 1, scales.count > 1 else {
        let lowest = numbered.steps - 1
        throw SamplingError.request(
          lowest < 1
            ? "--ts needs at least two levels; type --steps 40 too, or the number that the model was trained on"
            : "--ts ends with the lowest of --steps \(lowest + 1) levels, \(lowest); type for instance --ts 0,\(lowest)"
        )
      }
      return scales.dropLast().map { numbered.sigma(scale: $0) }
    }
    return try sigmas(steps: request.steps ?? usual ?? defaultSteps(sampler))
  }
}
