import DiffusionCheckpoints
import DiffusionFiles
import DiffusionModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionTraining

/// Runs that begin with a checkpoint: its step, what lies beside it, and what it says of the model.
struct InitialCheckpointTests {
  @Test(
    "The step is the number after model in the file's name, as the original finds it",
    arguments: [
      ("run/model000020.safetensors", 20), ("model010000.pt", 10_000), ("my-model7.pt", 7), ("model/model000003.pt", 3),
      ("model.pt", nil), ("ema_0.9999_000020.pt", nil), ("model12", nil), ("model000020-copy.pt", nil),
      ("model3/weights.pt", nil),
    ] as [(String, Int?)])
  func steps(path: String, step: Int?) { #expect(InitialCheckpoint(path).step == step) }

  /// A run of four steps, with checkpoints after 2 and 4.
  private func first(_ data: TemporaryFolder) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var run = try TrainingRun(smallRequest(data, steps: 4), folder: folder.path)
    while !run.isFinished { try run.step() }
    return folder
  }

  @Test("A run that begins with model000002 and what lies beside it comes to the same bytes")
  func goesOn() throws {
    let data = try smallPictures()
    let (first, folder) = (try first(data), try TemporaryFolder())
    var request = smallRequest(data, steps: 4)
    request.resumeCheckpoint = "\(first.path)/model000002.safetensors"
    do {
      var run = try TrainingRun(request, folder: folder.path + "/run")
      let (step, remarks) = (run.stepsTaken, run.remarks)
      #expect(step == 2)
      #expect(
        remarks == [
          "\(first.path)/model000002.safetensors: continuing at step 2",
          "\(first.path)/ema_0.5_000002.safetensors: this average goes on",
          "\(first.path)/ema_0.75_000002.safetensors: this average goes on",
          "\(first.path)/opt000002.safetensors: the optimizer goes on",
        ])
      try run.step()
    }
    // Killed before it has saved anything, it begins there again.
    var run = try TrainingRun(resuming: folder.path + "/run")
    while !run.isFinished { try run.step() }
    for kind in ["model", "ema_0.5_", "ema_0.75_", "opt"] {
      let name = "\(kind)000004.safetensors"
      #expect(try readFile("\(first.path)/\(name)") == readFile("\(folder.path)/run/\(name)"), "\(name)")
    }
  }

  @Test("What is missing beside it is said, and starts afresh")
  func missing() throws {
    let data = try smallPictures()
    let (first, folder) = (try first(data), try TemporaryFolder())
    for name in ["opt000002", "ema_0.5_000002"] {
      try FileManager.default.removeItem(atPath: "\(first.path)/\(name).safetensors")
    }
    var request = smallRequest(data, steps: 4)
    request.resumeCheckpoint = "\(first.path)/model000002.safetensors"
    var whole = try TrainingRun(request, folder: folder.path + "/whole")
    let remarks = whole.remarks
    #expect(
      remarks.dropFirst() == [
        "\(first.path): there is no ema_0.5_000002.safetensors, so this average starts from the weights",
        "\(first.path)/ema_0.75_000002.safetensors: this average goes on",
        "\(first.path): there is no opt000002.safetensors, so the optimizer starts afresh",
      ])
    // The optimizer's own count of steps goes on too.
    let taken = whole.loop.optimizer.step
    #expect(taken == 0)
    try whole.step()
    try whole.save()
    do {
      var run = try TrainingRun(request, folder: folder.path + "/run")
      try run.step()
      try run.save()
    }
    var run = try TrainingRun(resuming: folder.path + "/run")
    try run.step()
    try whole.step()
    for kind in ["model", "ema_0.5_", "opt"] {
      let name = "\(kind)000004.safetensors"
      #expect(try readFile("\(folder.path)/run/\(name)") == readFile("\(folder.path)/whole/\(name)"), "\(name)")
    }
  }

  @Test("The model is read off the file that a run begins with; a flag that contradicts it is refused")
  func readsTheModel() throws {
    let data = try smallPictures()
    let (first, folder) = (try first(data), try TemporaryFolder())
    let file = "\(first.path)/weights.safetensors"
    try FileManager.default.copyItem(atPath: "\(first.path)/model000004.safetensors", toPath: file)
    var request = TrainingRequest(data: data.path, steps: 2)
    (request.batchSize, request.resumeCheckpoint) = (2, file)
    do {
      var run = try TrainingRun(request, folder: folder.path + "/run")
      let (remarks, known) = (run.remarks, run.specification.description)
      #expect(
        remarks == [
          "the model has a null class, but --null-class is not given: no label is replaced by it",
          "\(file): initial weights; its name has no step, as model010000.pt has, so this begins at step 0",
        ])
      #expect(known.imageSize == 8 && known.inChannels == 1 && known.modelChannels == 32 && known.diffusionSteps == 2)
      #expect(known.numHeads == 2 && known.classNames == ["dark", "light"] && known.nullClass == 2)
      try run.step()
      try run.save()
    }
    // The file need not be there any more.
    try FileManager.default.removeItem(atPath: file)
    do {
      var run = try TrainingRun(resuming: folder.path + "/run")
      try run.step()
    }
    #expect(try ModelSource(path: folder.path + "/run").specification.classNames == ["dark", "light"])

    func problem(_ change: (inout TrainingRequest) -> Void) -> String? {
      request.resumeCheckpoint = "\(first.path)/model000002.safetensors"
      var request = request
      (request.settings, request.steps) = (StatedSettings(), 9)
      change(&request)
      do {
        _ = try TrainingRun(request, folder: folder.path + "/other")
        return nil
      } catch { return "\(error)" }
    }
    let name = "\(first.path)/model000002.safetensors"
    #expect(
      problem { $0.settings.numChannels = 64 }
        == "--num-channels 64 contradicts \(name), whose tensors say 32; leave --num-channels out")
    #expect(
      problem { $0.settings.noiseSchedule = "cosine" }
        == "--noise-schedule cosine contradicts \(name), which says linear; leave --noise-schedule out")
    #expect(
      problem { $0.settings.prediction = "v" }
        == "--prediction v contradicts \(name), which says epsilon; leave --prediction out")
    #expect(
      problem { $0.settings.process = "flow" }
        == "--process flow contradicts \(name), which says diffusion; leave --process out")
    #expect(problem { $0.isClassifier = true }?.contains("--classifier") == true)
    #expect(problem { $0.smallSize = 4 }?.contains("--small-size") == true)
    #expect(problem { $0.steps = 2 }?.hasPrefix("--steps 2: \(name) has taken 2 already; type") == true)
  }
}
