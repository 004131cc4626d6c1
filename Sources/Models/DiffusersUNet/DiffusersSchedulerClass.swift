/// A scheduler class of diffusers whose process is Gaussian diffusion with betas: its defaults for keys that a file
/// lacks.
struct DiffusersSchedulerClass: Sendable {
  /// `_class_name` without `Scheduler`.
  let name: String
  /// Whether x̂₀ is clipped if the file does not say.
  var clips = false
  /// The schedule and its ends if the file does not say.
  var schedule = "linear"
  var betas = (first: 1e-4, last: 0.02)
  /// Whether its last step leads to the noiseless image if the file does not say.
  var setsAlphaToOne = true
  /// Whether one of this program's samplers takes the same steps.
  var hasSampler = true

  /// The classes by name, as of diffusers 0.42; they have the same process, but differ in their steps and defaults.
  static let all: [DiffusersSchedulerClass] = {
    let latent = (first: 0.00085, last: 0.012)
    func unmatched(_ name: String) -> DiffusersSchedulerClass { DiffusersSchedulerClass(name: name, hasSampler: false) }
    var heun = DiffusersSchedulerClass(name: "HeunDiscrete")
    heun.betas = latent
    let secondOrder = ["KDPM2Discrete", "KDPM2AncestralDiscrete", "DPMSolverSDE"].map { name in
      DiffusersSchedulerClass(name: name, betas: latent, hasSampler: false)
    }
    let distilled = ["LCM", "TCD"].map { name in
      DiffusersSchedulerClass(name: name, schedule: "scaled_linear", betas: latent, hasSampler: false)
    }
    return ["DDPM", "DDPMParallel", "DDIM", "DDIMParallel"].map { DiffusersSchedulerClass(name: $0, clips: true) } + [
      DiffusersSchedulerClass(name: "DDIMInverse", clips: true, hasSampler: false),
      DiffusersSchedulerClass(name: "RePaint", clips: true, hasSampler: false),
      DiffusersSchedulerClass(name: "UnCLIP", clips: true, schedule: "squaredcos_cap_v2", hasSampler: false),
      DiffusersSchedulerClass(name: "PNDM", setsAlphaToOne: false),
      DiffusersSchedulerClass(name: "EulerDiscrete"), DiffusersSchedulerClass(name: "EulerAncestralDiscrete"),
      DiffusersSchedulerClass(name: "DPMSolverMultistep"), DiffusersSchedulerClass(name: "UniPCMultistep"), heun,
      unmatched("LMSDiscrete"), unmatched("DPMSolverMultistepInverse"), unmatched("DPMSolverSinglestep"),
      unmatched("DEISMultistep"), unmatched("SASolver"),
    ] + secondOrder + distilled
  }()

  /// The class `_class_name`; nil if it is not one of these.
  static func named(_ className: String) -> DiffusersSchedulerClass? {
    all.first { $0.name + "Scheduler" == className }
  }

  /// The class whose defaults a file without `_class_name` has.
  static let usual = DiffusersSchedulerClass(name: "DDPM", clips: true)
}
