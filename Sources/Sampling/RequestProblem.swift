import DiffusionCore
import DiffusionText

extension SamplingRequest {
  /// One sentence on what is wrong with the request regardless of the model; nil if nothing is.
  public var problem: String? { problem(among: SamplerInfo.all) }

  /// As `problem`, with the samplers of a table.
  func problem(among samplers: [SamplerInfo]) -> String? {
    rangeProblem ?? stepsProblem ?? pictureProblem ?? samplerProblem(samplers) ?? imagesProblem ?? sourceProblem
  }

  private var rangeProblem: String? {
    let wholes: [(name: String, value: Int?, least: Int, most: Int)] = [
      ("steps", steps, 1, 1_000_000), ("count", count, 1, 1_000_000_000), ("batch", batch, 1, 1_000_000),
      ("jump-length", jumpLength, 1, 1_000_000), ("jump-count", jumpCount, 1, 1000),
      ("index", index?.lowerBound, 0, Int.max - 1), ("index", index?.upperBound, 0, Int.max - 1),
    ]
    for (name, value, least, most) in wholes {
      if let value, !(least...most).contains(value) {
        return "--\(name): \(value) is out of range; type --\(name) with a number from \(least) to \(most)"
      }
    }
    if let index, index.upperBound - index.lowerBound >= 1_000_000_000 {
      return
        "--index: \(index.lowerBound)-\(index.upperBound) are too many images; type a range of at most 1000000000"
    }
    if classes?.isEmpty == true {
      return "--class: the list is empty; type for instance --class 7, or leave it out for random classes"
    }
    let positives = [
      ("eta", eta), ("classifier-scale", classifierScale), ("s-churn", churn), ("s-tmin", churnMin),
      ("s-tmax", churnMax), ("s-noise", churnNoise),
    ]
    for (name, value) in positives {
      if let value, !(value >= 0 && value.isFinite) {
        return "--\(name): \(value) is out of range; type --\(name) with a number from 0 up"
      }
    }
    if let guidance, !guidance.isFinite {
      return "--guidance: \(guidance) is not a number; type for instance --guidance 1.5"
    }
    if let strength, !(strength > 0 && strength <= 1) {
      return "--strength: \(numberText(strength)) is out of range; type --strength with a number above 0, up to 1"
    }
    if let timesteps {
      let isFalling = zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 > $1 }
      guard let first = timesteps.first, let last = timesteps.last, isFalling, last >= 0, first < 1_000_000 else {
        return "--timesteps: each must be less than the one before; type for instance --timesteps 999,700,400,100"
      }
    }
    if let sigmas {
      let isFalling = zip(sigmas, sigmas.dropFirst()).allSatisfy { $0 > $1 }
      guard let last = sigmas.last, isFalling, last >= ContinuousDiffusion.leastSigma, sigmas.allSatisfy(\.isFinite)
      else {
        return
          "--sigmas: each must be less than the one before, and at least 1e-6; type for instance --sigmas 80,24.4,5.84"
      }
    }
    if let scales {
      guard let first = scales.first, zip(scales, scales.dropFirst()).allSatisfy({ $0 < $1 }), first >= 0 else {
        return "--ts: each must be more than the one before; type for instance --ts 0,22,39"
      }
    }
    return nil
  }

  private var stepsProblem: String? {
    let choices = [
      ("--steps", steps != nil && scales == nil), ("--respacing", respacing != nil), ("--timesteps", timesteps != nil),
      ("--sigmas", sigmas != nil), ("--ts", scales != nil),
    ]
    let given = choices.filter(\.1).map(\.0)
    if given.count > 1 { return "\(given[0]) and \(given[1]) both choose the timesteps; type only one of them" }
    if let spacing, let other = given.first(where: { $0 != "--steps" }) {
      return """
        --spacing \(spacing.rawValue) spaces --steps, but \(other) chooses the timesteps itself; type only one of them
        """
    }
    for (name, value) in [("s-tmin", churnMin), ("s-tmax", churnMax), ("s-noise", churnNoise)]
    where value != nil && churn == nil {
      return "--\(name) is part of churn; type --s-churn and an amount too, for instance 40, or leave it out"
    }
    if let churnMin, let churnMax, churnMin > churnMax {
      return "--s-tmin \(numberText(churnMin)) is above --s-tmax \(numberText(churnMax)); swap them"
    }
    if classifierScale != nil && classifier == nil {
      return "--classifier-scale needs a classifier; type --classifier and its file too, or leave it out"
    }
    return nil
  }

  private var pictureProblem: String? {
    if initImage == nil {
      if mask != nil && condition == nil {
        return "--mask needs an image; type --init-image and its file too, or --condition for Palette"
      }
      if strength != nil {
        return "--strength needs an image to start from; type --init-image and its file too"
      }
    } else {
      if noise != nil { return "--init-image and --noise both say what to start from; type only one of them" }
      if lowRes != nil {
        return """
          --low-res and --init-image do not go together, as super-resolution starts from noise; leave --init-image out
          """
      }
    }
    for (name, isGiven) in [("--jump-length", jumpLength != nil), ("--jump-count", jumpCount != nil)] where isGiven {
      if mask == nil { return "\(name) needs a mask; type --mask and its file too, or leave it out" }
      if initImage == nil { return "\(name) is for --init-image, not for --condition; leave it out" }
    }
    return nil
  }

  private func samplerProblem(_ samplers: [SamplerInfo]) -> String? {
    guard eta != nil, let sampler, SamplerInfo.named(sampler, among: samplers)?.parameters.contains(.eta) == false
    else { return nil }
    let ddim = DDIM.info.name
    return "--eta is for \(ddim), but the sampler is \(sampler); type --sampler \(ddim), or leave --eta out"
  }

  private var imagesProblem: String? {
    if let index, count != 1 {
      return
        """
        --count \(count) and --index \(index.lowerBound)-\(index.upperBound) both say which images; \
        type only one of them
        """
    }
    if noiseStream == .torch {
      for (name, isGiven) in [("--index", index != nil), ("--shard", shard != nil)] where isGiven {
        return
          """
          \(name) draws a part of a run, but with --rng torch each image depends on those before it; \
          leave one of them out
          """
      }
    }
    return nil
  }

  /// Images that are encoded, or interpolated, have noise of their own, and are drawn by DDIM alone.
  private var sourceProblem: String? {
    let name: String
    switch source {
    case .noise: return nil
    case .reconstruction(let files):
      if files.isEmpty { return "a reconstruction needs an image; name at least one file" }
      name = "a reconstruction"
    case .interpolation(_, let frames):
      guard (2...1_000_000).contains(frames) else {
        return "--frames: \(frames) is out of range; type --frames with a number from 2 to 1000000"
      }
      name = "an interpolation"
    }
    let others = [
      ("--index", index != nil), ("--shard", shard != nil), ("--noise", noise != nil), ("--eta", eta != nil),
      ("--init-image", initImage != nil), ("--low-res", lowRes != nil), ("--classifier", classifier != nil),
      ("--guide-model", guideModel != nil),
      ("--guidance-interval", guidanceInterval != nil), ("--rng torch", noiseStream == .torch),
    ]
    if let other = others.first(where: \.1)?.0 { return "\(other): \(name) does not take it; leave it out" }
    if let sampler, sampler != DDIM.info.name {
      return "--sampler \(sampler): \(name) is drawn by ddim; leave --sampler out"
    }
    return nil
  }
}
