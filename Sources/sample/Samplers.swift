import DiffusionCommandLine
import DiffusionCore

extension SamplerName {
  /// How it spreads its steps if nobody says; nil for the original's way.
  var usualSpacing: TimestepSpacing? {
    switch self {
    case .ddim, .ddpm: nil
    case .dpmSolver2M, .dpmSolver2MSDE, .uniPC, .euler, .eulerAncestral: .linspace
    // Its second pass counts a prediction's error for as much as one noise level is higher than the next. At the end of a cosine schedule
    // that is hundreds of times; steps that do not begin at the very end are spared it.
    case .heun: .leading
    case .plms: .leading
    }
  }

  /// How diffusers lets it count.
  var spacingStyle: SpacingStyle {
    switch self {
    case .ddim, .ddpm, .plms: .integerTimesteps
    case .dpmSolver2M, .dpmSolver2MSDE, .uniPC: .multistep
    case .heun, .euler, .eulerAncestral: .continuous
    }
  }
}

extension Plan {
  /// The sampler, before its first step.
  func makeSampler() -> any Sampler {
    switch sampler {
    case .ddim: DDIM(eta: options.eta ?? 0, keepsEpsilon: model.settings.family == .diffusers)
    case .ddpm: DDPM()
    case .dpmSolver2M: DPMSolver()
    case .dpmSolver2MSDE: DPMSolver(isSDE: true)
    case .uniPC: UniPC()
    case .heun: Heun()
    case .euler: Euler()
    case .eulerAncestral: EulerAncestral()
    case .plms: PLMS()
    }
  }
}
