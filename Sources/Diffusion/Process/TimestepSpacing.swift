/// How a sampler's steps are spaced over the process. The first three are from Lin et al. 2024, "Common Diffusion Noise
/// Schedules and Sample Steps are Flawed", table 2, as implemented in diffusers.
public enum TimestepSpacing: String, Sendable, CaseIterable, Codable {
  /// An integer stride up from timestep 0, leaving out the noisiest.
  case leading
  /// An even stride down from the last timestep, leaving out timestep 0.
  case trailing
  /// Evenly from first to last.
  case linspace
  /// Evenly in σ^{1/7} (Karras et al. 2022, eq. 5) with σ = √((1 - ᾱ) / ᾱ): finer at low noise.
  case karras
}

/// How a diffusers sampler counts its timesteps.
public enum SpacingStyle: String, Sendable, CaseIterable, Codable {
  /// Integer timesteps (DDPM).
  case integerTimesteps
  /// Integer timesteps; in diffusers each step leads ⌊T / steps⌋ timesteps down, wherever the next one is (DDIM, PNDM).
  case fixedStride
  /// Integer timesteps, spaced for one more level than steps, the last being noiseless (DPM-Solver, UniPC).
  case multistep
  /// Fractional timesteps, with noise interpolated (Euler, Heun).
  case continuous

  /// The spacing of the diffusers sampler if its file names none.
  public var usualSpacing: TimestepSpacing {
    switch self {
    case .integerTimesteps, .fixedStride: .leading
    case .multistep, .continuous: .linspace
    }
  }
}

/// Options of diffusers' schedulers that decide which levels a sampler visits.
public struct LevelOptions: Sendable, Equatable {
  /// Added to the timesteps of leading spacing (`steps_offset`); at least 0.
  public var stepsOffset = 0
  /// Whether the steps of samplers with a fixed stride lead to the level ⌊T / steps⌋ timesteps down, as in diffusers,
  /// rather than to the next step's.
  public var hasFixedStride = false
  /// Whether the last of those leads to the level of timestep 0, not to the noiseless image (`set_alpha_to_one` false).
  public var endsAtTimestepZero = false

  /// Steps that lead from each level to the next, and at last to the noiseless image.
  public init() {}
}
