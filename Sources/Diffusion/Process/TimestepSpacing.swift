/// How the steps of a sampler are spread over the process; the first three are those of Lin et al. 2024, "Common
/// Diffusion Noise Schedules and Sample Steps are Flawed", table 2, as diffusers takes them.
public enum TimestepSpacing: String, Sendable, CaseIterable, Codable {
  /// At an integer stride from timestep 0 up; the noisiest is left out.
  case leading
  /// At an even stride from the last timestep down; timestep 0 is left out.
  case trailing
  /// Evenly from the first to the last.
  case linspace
  /// Evenly in σ^{1/7} (Karras et al. 2022, eq. 5), where σ is √((1 - ᾱ) / ᾱ): finer where there is little noise.
  case karras
}

/// How a sampler of diffusers counts its timesteps.
public enum SpacingStyle: String, Sendable, CaseIterable, Codable {
  /// Whole timesteps (DDPM, DDIM, PNDM).
  case integerTimesteps
  /// Whole timesteps, of one more level than steps, the last being without noise (DPM-Solver, UniPC).
  case multistep
  /// Any timesteps, with noise interpolated (Euler, Heun).
  case continuous
}
