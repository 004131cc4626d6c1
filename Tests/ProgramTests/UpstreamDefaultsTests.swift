import Foundation
import TestSupport
import Testing

/// Command lines of the original scripts draw what the scripts draw: all timesteps where they say nothing else.
struct UpstreamDefaultsTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  @Test(
    "The original's flags mean what they mean there",
    arguments: [
      ("--timestep_respacing=", "DDPM, 1,000 steps"), ("--use_ddim False", "DDPM, 1,000 steps"),
      ("--use_ddim True", "DDIM, 1,000 steps"), ("--use_ddim True --timestep_respacing ddim25", "DDIM, 25 steps"),
      ("--use_ddim True --timestep_respacing=", "DDIM, 1,000 steps"), ("--timestep_respacing 250", "DDPM, 250 steps"),
      ("--timestep_respacing ddim25", "DDPM, 25 steps"), ("--timestep_respacing= --steps 7", "UniPC, 7 steps"),
      ("--use_ddim False --steps 7", "DDPM, 7 steps"), ("", "UniPC, 20 steps"),
    ])
  func flags(line: String, means: String) throws {
    defer { cleanUp() }
    let text = String(decoding: try run(line + " --dry-run").output, as: UTF8.self)
    #expect(text.contains("\nsampler     \(means)"), "\(text)")
  }

  @Test("A model given by --model_path is drawn over all of its timesteps, and the image says so in numbers")
  func modelPath() throws {
    defer { cleanUp() }
    let model = Fixture.path("unet/guided-updown-class.pt")
    let line = "--model_path \(model) --class_cond True --image_size 16 --diffusion_steps 12 --noise_schedule cosine"
    let result = try run("\(line) --num_samples 1 --seed 3 --out a.png")
    #expect(result.status == 0 && result.errors.contains(", 12 DDPM steps, "), "\(result.errors)")
    #expect(String(decoding: try run("show a.png").output, as: UTF8.self).contains(" --respacing 12 --sampler ddpm "))
    #expect(try run("reproduce a.png").status == 0)
  }
}
