import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Whole runs of folders with schedulers of many kinds, against what diffusers draws as their files say.
struct DiffusersSchedulerTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private struct Run: Decodable {
    let tag: String
    let sampler: String
    let steps: Int
    let scheduler: String
  }

  private struct ProcessRun: Decodable {
    let tag: String
    let options: String
    let scheduler: String?
  }

  /// A folder `model` with the network of a fixture, and its place for a scheduler's file.
  private func makeModel() throws -> URL {
    let model = folder.appendingPathComponent("model")
    let scheduler = model.appendingPathComponent("scheduler")
    try FileManager.default.createDirectory(at: scheduler, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: model.path + "/unet", withDestinationPath: Fixture.path("diffusers/default-like/unet"))
    return scheduler.appendingPathComponent("scheduler_config.json")
  }

  @Test func schedulersMeanWhatTheirFilesSay() throws {
    defer { cleanUp() }
    let reference = try Fixture("diffusers/default-like.schedulers")
    let labels = try Fixture("diffusers/default-like.io").integers("y").map(String.init).joined(separator: ",")
    let text = try #require(reference.metadata["runs"])
    let runs = try JSONDecoder().decode([Run].self, from: Data(text.utf8))
    #expect(runs.count == 27)
    let scheduler = try makeModel()
    for run in runs {
      try Data(run.scheduler.utf8).write(to: scheduler)
      let result = try self.run(
        """
        --model model --seed 7 --rng torch --count 2 --quiet --overwrite --out x.npy --class \(labels) \
        --sampler \(run.sampler) --steps \(run.steps)
        """)
      try #require(result.status == 0, "\(run.tag): \(result.errors)")
      let expected = reference.tensor("sample." + run.tag)
      let largest = expected.values.map(abs).max() ?? 0
      expectClose(
        try readNPY(try bytes("x.npy"), path: "x.npy"), expected, tolerance: 1e-4 * largest, run.tag)
    }
  }

  @Test func processesAreThoseOfTheirOwnCode() throws {
    defer { cleanUp() }
    let reference = try Fixture("diffusers/default-like.processes")
    let labels = try Fixture("diffusers/default-like.io").integers("y").map(String.init).joined(separator: ",")
    let text = try #require(reference.metadata["runs"])
    let runs = try JSONDecoder().decode([ProcessRun].self, from: Data(text.utf8))
    #expect(runs.count == 7)
    let file = try makeModel()
    for run in runs {
      try? FileManager.default.removeItem(at: file)
      if let scheduler = run.scheduler { try Data(scheduler.utf8).write(to: file) }
      let result = try self.run(
        "--model model --seed 7 --rng torch --count 2 --quiet --overwrite --out x.npy --class \(labels) \(run.options)")
      try #require(result.status == 0, "\(run.tag): \(result.errors)")
      let expected = reference.tensor("sample." + run.tag)
      let largest = expected.values.map(abs).max() ?? 0
      expectClose(try readNPY(try bytes("x.npy"), path: "x.npy"), expected, tolerance: 1e-4 * largest, run.tag)
    }
  }
}

/// What is said of folders that are drawn otherwise than diffusers would, and what overrides their files.
extension DiffusersSchedulerTests {
  @Test(arguments: [
    ("--sampler ddpm --steps 1", "DDPMScheduler", "note: the only step starts from the noisiest timestep"),
    (
      "--sampler ddpm --steps 5 --spacing trailing", "DDPMScheduler",
      "note: the last step adds no noise, though diffusers' DDPMScheduler adds some"
    ),
    (
      "--sampler plms --steps 5 --spacing linspace", "DDPMScheduler", "note: the first step goes between its own levels"
    ),
    ("--steps 2", "LMSDiscreteScheduler", "not followed: _class_name LMSDiscreteScheduler of model/scheduler/"),
  ])
  func differencesAreSaid(options: String, name: String, words: String) throws {
    defer { cleanUp() }
    let file = try makeModel()
    let scheduler = #"{"_class_name": "\#(name)", "variance_type": "fixed_large", "timestep_spacing": "leading"}"#
    try Data(scheduler.utf8).write(to: file)
    let result = try run("--model model --seed 1 --out x.png \(options)")
    #expect(result.status == 0 && result.errors.contains(words), "\(result.errors)")
    for (scheduler, message) in [
      (
        #"{"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 1e-17}"#,
        "shift, langevin_ratio or langevin_steps is out of range"
      ),
      (#"{"num_train_timesteps": 2, "trained_betas": [1e-300, 0.1]}"#, "its betas add no noise at some timestep"),
      (#"{"num_train_timesteps": 2, "trained_betas": [0.1]}"#, "its 1 trained_betas are not 2 numbers"),
      (#"{"rescale_betas_zero_snr": true}"#, "of which no image follows if the noise is predicted"),
      (
        #"{"steps_offset": 999}"#,
        "moved by the file's steps_offset 999, end beyond timestep 999; type --spacing trailing"
      ),
      (#"{"steps_offset": 1000}"#, "steps_offset is 1000, but its timesteps are 0 to 999"),
      (#"{"thresholding": true, "sample_max_value": 0.5}"#, "a sample_max_value from 1 up"),
      (#"{"clip_sample_range": 0}"#, "clip_sample_range is 0.0, but must be above 0"),
    ] {
      try Data(scheduler.utf8).write(to: file)
      let refused = try run("--model model --sampler ddim --spacing leading --steps 5 --out z.png")
      #expect(refused.status != 0 && refused.errors.contains(message), "\(refused.errors)")
    }
    try Data(scheduler.utf8).write(to: file)
    let plain = try run("--model model --seed 1 --out y.png --sampler ddim --steps 5")
    #expect(plain.status == 0 && !plain.errors.contains("note:"), "\(plain.errors)")
  }
}
