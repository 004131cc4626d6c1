/// A sampler.
public enum SamplerName: String, Sendable, CaseIterable {
  case ddim
  case ddpm
  case dpmSolver2M = "dpmpp-2m"
  case dpmSolver2MSDE = "dpmpp-2m-sde"
  case uniPC = "unipc"
  case heun
  case euler
  case eulerAncestral = "euler-a"
  case plms

  /// What papers call it.
  public var title: String {
    switch self {
    case .ddim: "DDIM"
    case .ddpm: "DDPM"
    case .dpmSolver2M: "DPM-Solver++(2M)"
    case .dpmSolver2MSDE: "SDE-DPM-Solver++(2M)"
    case .uniPC: "UniPC"
    case .heun: "Heun"
    case .euler: "Euler"
    case .eulerAncestral: "Euler ancestral"
    case .plms: "PLMS"
    }
  }

  /// What it is, in one line.
  var summary: String {
    switch self {
    case .ddim: "first order; the noise it starts from decides the image, unless --eta draws more (Song et al. 2021)"
    case .ddpm: "new noise at each step, as the model was trained; wants many steps (Ho et al. 2020)"
    case .dpmSolver2M: "follows the flow to second order, from two steps' predictions (Lu et al. 2022)"
    case .dpmSolver2MSDE: "the same with new noise at each step"
    case .uniPC: "the default: second order, each step corrected by the next one's prediction (Zhao et al. 2023)"
    case .heun: "second order by two passes of the network a step, one in the last (Karras et al. 2022)"
    case .euler: "first order, as ddim, at fractional timesteps (Karras et al. 2022)"
    case .eulerAncestral: "euler with new noise at each step"
    case .plms: "extrapolates the noise of four steps; two passes in the first (Liu et al. 2022)"
    }
  }

  /// The steps that are taken if nobody says how many: the table in README.md shows what more bring. UniPC needs fewer than the others.
  public var usualSteps: Int { self == .uniPC ? 20 : 50 }

  /// Passes through the network for an image of `steps` ≥ 1 steps, of which the last ends without noise, or does not.
  public func passes(steps: Int, endsInPicture: Bool = true) -> Int {
    switch self {
    case .heun: endsInPicture ? 2 * steps - 1 : 2 * steps
    case .plms: endsInPicture && steps == 1 ? 1 : steps + 1
    default: steps
    }
  }

  /// The samplers, one line each.
  public static var list: String {
    let width = allCases.map(\.rawValue.count).max() ?? 0
    return allCases.map {
      $0.rawValue + String(repeating: " ", count: width + 2 - $0.rawValue.count) + $0.summary + "\n"
    }.joined()
  }
}

/// A way to spread steps over the process.
public enum SpacingName: String, Sendable, CaseIterable {
  case leading
  case trailing
  case linspace
  case karras
}
