import DiffusionCheckpoints
import DiffusionCore
import DiffusionImages
import DiffusionModels
import Foundation
import TestSupport
import Testing

@testable import DiffusionTraining

/// A model is trained, then made a consistency model, as `train --distill` does.
struct ConsistencyTuningTests {
  /// A request to distill what `run` has learned.
  private func request(_ pictures: TemporaryFolder, of run: String, steps: Int = 6) -> TrainingRequest {
    var request = smallRequest(pictures, steps: steps)
    request.settings = StatedSettings()
    request.settings.classCond = true
    request.scheduleSampler = .uniform
    request.distilled = run
    return request
  }

  private func finish(_ run: inout TrainingRun) throws { while !run.isFinished { try run.step() } }

  private func trained(_ pictures: TemporaryFolder, in runs: TemporaryFolder) throws -> String {
    let folder = "\(runs.path)/teacher"
    var run = try TrainingRun(smallRequest(pictures), folder: folder)
    try finish(&run)
    return folder
  }

  @Test func goesOnToTheSameBytes() throws {
    let (pictures, runs) = (try smallPictures(), try TemporaryFolder())
    let teacher = try trained(pictures, in: runs)
    let (whole, parts) = ("\(runs.path)/whole", "\(runs.path)/parts")
    var run = try TrainingRun(request(pictures, of: teacher), folder: whole)
    #expect(run.remarks.contains { $0.hasSuffix("becomes a consistency model") })
    #expect(run.stepsTaken == 0)
    try finish(&run)
    do {
      var first = try TrainingRun(request(pictures, of: teacher), folder: parts)
      for _ in 0..<3 { try first.step() }
      try first.save()
    }
    // The teacher is not needed any more.
    try FileManager.default.removeItem(atPath: teacher)
    var second = try TrainingRun(resuming: parts)
    try finish(&second)
    for name in ["model000006", "ema_0.75_000006", "opt000006"] {
      let paths = [whole, parts].map { "\($0)/\(name).safetensors" }
      #expect(FileManager.default.contentsEqual(atPath: paths[0], andPath: paths[1]), "\(name)")
    }
    let source = try ModelSource(path: whole, stated: StatedSettings())
    #expect(source.specification.process.name == "discrete-consistency")
  }

  @Test("Arrays have no names of classes; a run on them keeps those of the model that it began with, and goes on")
  func goesOnWithoutNames() throws {
    let (pictures, runs) = (try smallPictures(), try TemporaryFolder())
    let teacher = try trained(pictures, in: runs)
    let images: (String, [Int], NPYElements) = ("images", [4, 8, 8], .uint8([UInt8](repeating: 9, count: 256)))
    var request = request(pictures, of: teacher)
    request.data = try runs.write("data.npz", plainNPZ([images, ("labels", [4], .int64([0, 1, 0, 1]))]))
    let folder = "\(runs.path)/run"
    do {
      var run = try TrainingRun(request, folder: folder)
      try run.step()
      try run.save()
    }
    var run = try TrainingRun(resuming: folder)
    try finish(&run)
    #expect(try ModelSource(path: folder, stated: StatedSettings()).specification.classNames == ["dark", "light"])
  }

  @Test func otherModelsAreRefused() throws {
    let (pictures, runs) = (try smallPictures(), try TemporaryFolder())
    let teacher = try trained(pictures, in: runs)
    var once = try TrainingRun(request(pictures, of: teacher, steps: 1), folder: "\(runs.path)/once")
    try finish(&once)
    let error = #expect(throws: TrainingError.self) {
      _ = try TrainingRun(request(pictures, of: "\(runs.path)/once"), folder: "\(runs.path)/twice")
    }
    #expect(
      error.map { "\($0)" }?.hasSuffix(
        "its process is discrete-consistency, and --distill takes models in timesteps only") == true)
  }

  @Test("Schedules whose last timestep is pure noise, or that tell two timesteps apart by nothing, do not trap")
  func hostileSchedules() {
    for betas in [[Double](repeating: 0.9999999999, count: 31), [0.5, 1e-17], [0.5], [1e-9, 1e-9], [1e-300, 0.5]] {
      var description = ModelDescription()
      (description.process, description.prediction) = ("discrete-consistency", "sample")
      (description.trainedBetas, description.diffusionSteps) = (betas, betas.count)
      #expect(throws: ModelError.self) { try ProcessSpecification(description, name: "m") }
    }
  }

  @Test func ordinaryRunsDoNotBecomeConsistencyModels() throws {
    let (pictures, runs) = (try smallPictures(), try TemporaryFolder())
    let folder = try trained(pictures, in: runs)
    let error = #expect(throws: TrainingError.self) {
      _ = try TrainingRun(resuming: folder, as: request(pictures, of: folder, steps: 9))
    }
    #expect(error.map { "\($0)" }?.contains("was begun without it, and cannot change that; leave it out") == true)
  }
}
