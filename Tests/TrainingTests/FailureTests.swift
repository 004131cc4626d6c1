import DiffusionFiles
import DiffusionModels
import Foundation
import TestSupport
import Testing

@testable import DiffusionTraining

/// What a run that fails leaves.
struct FailureTests {
  private func names(_ folder: String) throws -> [String] { try namesInFolder(folder).filter { $0 != "run.json" } }

  @Test("A run that fails saves the state after its last step, and goes on to the bytes of one that did not fail")
  func savesWhatItHas() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var whole = try TrainingRun(smallRequest(data), folder: folder.path + "/whole")
    while !whole.isFinished { try whole.step() }
    let path = folder.path + "/run"
    let blocked = "\(path)/samples"
    do {
      var run = try TrainingRun(smallRequest(data), folder: path)
      for _ in 0..<2 { try run.step() }
      // A file where the folder of sheets should be made, at the third step.
      try Data().write(to: URL(fileURLWithPath: blocked))
      #expect(throws: TrainingError.self) { try run.step() }
      #expect(throws: TrainingError.self) { _ = try run.saveAfterFailure() }
      let before = run.savedStep
      #expect(before == 2)
      try FileManager.default.removeItem(atPath: blocked)
      let saved = try run.saveAfterFailure()
      #expect(saved == 3)
    }
    var run = try TrainingRun(resuming: path)
    let step = run.stepsTaken
    #expect(step == 3)
    while !run.isFinished { try run.step() }
    for name in try names(whole.folder) where name != "samples" {
      #expect(try readFile("\(whole.folder)/\(name)") == readFile("\(path)/\(name)"), "\(name)")
    }
    #expect(try readFile("\(whole.folder)/samples/000003.png") == readFile("\(path)/samples/000003.png"))
  }

  @Test("A picture that is gone in the middle of a run costs no step")
  func missingPicture() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var run = try TrainingRun(smallRequest(data, steps: 9), folder: folder.path)
    try run.step()
    for i in 0..<8 {
      try FileManager.default.removeItem(atPath: "\(data.path)/\(i % 2 == 0 ? "dark" : "light")_\(i).png")
    }
    #expect(throws: TrainingError.self) { try run.step() }
    let saved = try run.saveAfterFailure()
    #expect(saved == 1)
    #expect(try RunFiles(in: folder.path).newest(having: TrainingCheckpoint.kinds(rates: [0.5, 0.75])) == 1)
  }

  @Test("A step that diverges is not taken: the state before it is saved")
  func diverges() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var request = smallRequest(data, steps: 50)
    // Each step multiplies all weights by 1 - 10¹².
    (request.learningRate, request.weightDecay, request.saveInterval) = (1e6, 1e6, 1000)
    var run = try TrainingRun(request, folder: folder.path)
    var steps = 0
    do {
      while !run.isFinished {
        try run.step()
        steps += 1
      }
      Issue.record("weights beyond all bounds do not diverge")
    } catch {
      #expect(error == .diverged(step: steps))
    }
    let saved = try run.saveAfterFailure()
    #expect(saved == steps && steps > 0)
    #expect(try RunFiles(in: folder.path).newest == steps)
  }
}
