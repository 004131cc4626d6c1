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
  /// Integer timesteps (DDPM, DDIM, PNDM).
  case integerTimesteps
  /// Integer timesteps, spaced for one more level than steps, the last being noiseless (DPM-Solver, UniPC).
  case multistep
  /// Fractional timesteps, with noise interpolated (Euler, Heun).
  case continuous
}
