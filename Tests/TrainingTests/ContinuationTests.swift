import DiffusionFiles
import DiffusionImages
import DiffusionModels
import Foundation
import TestSupport
import Testing

@testable import DiffusionTraining

/// What a run goes on from when files are missing, data has moved or classes have changed.
struct ContinuationTests {
  /// A run of five steps, with checkpoints after 2, 4 and 5.
  private func run(_ data: TemporaryFolder) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var run = try TrainingRun(smallRequest(data), folder: folder.path)
    while !run.isFinished { try run.step() }
    return folder
  }

  private func remove(_ names: String..., in folder: TemporaryFolder) throws {
    for name in names { try FileManager.default.removeItem(atPath: "\(folder.path)/\(name).safetensors") }
  }

  private func resume(_ folder: TemporaryFolder, as request: TrainingRequest? = nil) throws -> (Int, [String]) {
    let run = try TrainingRun(resuming: folder.path, as: request)
    let (step, remarks) = (run.stepsTaken, run.remarks)
    return (step, remarks)
  }

  @Test("A run whose newest checkpoint lacks a file goes on from the one before, and says so")
  func missingFiles() throws {
    let (data, folder) = try { (data: $0, folder: try run($0)) }(try smallPictures())
    #expect(try resume(folder) == (5, []))
    try remove("opt000005", in: folder)
    #expect(try resume(folder) == (4, ["step 5 is incomplete: there is no opt000005.safetensors"]))
    try remove("ema_0.5_000004", in: folder)
    #expect(try resume(folder) == (2, ["step 5 is incomplete: there is no opt000005.safetensors"]))
    try remove("model000002", in: folder)
    let error = #expect(throws: TrainingError.self) { _ = try resume(folder) }
    #expect(
      error
        == .nothingToResume(
          folder: folder.path, missing: "there is no opt000005.safetensors",
          weights: "\(folder.path)/model000005.safetensors"))
    withExtendedLifetime(data) {}
  }

  @Test("What a kill leaves of the first checkpoint is begun anew; a lone checkpoint without its optimizer is not")
  func killedEarly() throws {
    let data = try smallPictures()
    let folder = try TemporaryFolder()
    do {
      var run = try TrainingRun(smallRequest(data, steps: 1), folder: folder.path)
      try run.step()
    }
    try remove("opt000001", in: folder)
    #expect(throws: TrainingError.self) { _ = try resume(folder) }
    try folder.write(".opt000001.safetensors.elsewhere-1.tmp", [])
    #expect(try resume(folder) == (0, ["the first checkpoint is incomplete: there is no opt000001.safetensors"]))
    #expect(try RunFiles(in: folder.path).newest == nil)
  }

  @Test("Going on from the start removes no weights that somebody has kept alone")
  func keptWeights() throws {
    let data = try smallPictures()
    let folder = try run(data)
    for step in 1...5 {
      for kind in ["model", "ema_0.5_", "ema_0.75_", "opt"] where (kind, step) != ("model", 5) {
        try? remove("\(kind)00000\(step)", in: folder)
      }
    }
    #expect(try resume(folder).0 == 0)
    #expect(try RunFiles(in: folder.path).kinds == [5: ["model"]])
    withExtendedLifetime(data) {}
  }

  @Test("Classes that were renamed, added or removed are named, and nothing is learned with their labels")
  func changedClasses() throws {
    let data = try smallPictures()
    let folder = try run(data)
    let file = "\(folder.path)/model000005.safetensors"
    for i in [0, 2, 4, 6] {
      try FileManager.default.moveItem(atPath: "\(data.path)/dark_\(i).png", toPath: "\(data.path)/noir_\(i).png")
    }
    let error = #expect(throws: TrainingError.self) { _ = try resume(folder) }
    #expect(
      error?.description
        == "\(data.path): its classes are not those that \(file) has learned: "
        + "\"dark\" is missing, and \"noir\" is new; name them as they were, or start a new run from random weights")
    // Another run that begins with its weights neither.
    var other = smallRequest(data)
    other.resumeCheckpoint = file
    #expect(throws: TrainingError.self) { _ = try TrainingRun(other, folder: folder.path + "/other") }
  }

  @Test("The model of a run cannot change on the way")
  func changedModel() throws {
    let data = try smallPictures()
    let folder = try run(data)
    func problem(_ change: (inout TrainingRequest) -> Void) -> String? {
      var request = smallRequest(data, steps: 9)
      change(&request)
      do {
        _ = try TrainingRun(resuming: folder.path, as: request)
        return nil
      } catch { return "\(error)" }
    }
    let path = folder.path
    #expect(problem { _ in } == nil)
    #expect(
      problem { $0.settings.noiseSchedule = "cosine" }
        == "--noise-schedule: \(path) was begun with linear, and cannot change that; leave it out")
    #expect(
      problem { $0.settings.prediction = "v" }
        == "--prediction: \(path) was begun with epsilon, and cannot change that; leave it out")
    #expect(
      problem { $0.settings.numChannels = 64 }
        == "--num-channels: \(path) was begun with 32, and cannot change that; leave it out")
    #expect(
      problem { $0.emaRates = [0.5] }
        == "--ema-rate: \(path) keeps averages of rate 0.5,0.75, and cannot change that; leave it out")
    #expect(
      problem { $0.emaWarmUp = false }
        == "--ema-warm-up: \(path) was begun with it, and cannot change that; leave it out")
  }

  @Test("A damaged checkpoint is named, with the command that goes on from the one before")
  func damaged() throws {
    let data = try smallPictures()
    let folder = try run(data)
    let path = folder.path
    try folder.write("opt000005.safetensors", [])
    try folder.write("model000005.safetensors", Array(try readFile("\(path)/model000005.safetensors").prefix(5000)))
    let error = #expect(throws: TrainingError.self) { _ = try resume(folder) }
    #expect(
      "\(try #require(error))" == """
        \(path): model000005.safetensors and opt000005.safetensors are damaged; to go on from step 4, \
        type rm \(path)/model000005.safetensors \(path)/opt000005.safetensors && train --resume \(path)
        """)
    // Whoever draws is told of the weights of the step before.
    let drawing = #expect(throws: ModelError.self) { try ModelSource(path: "\(path)/model000005.safetensors") }
    #expect("\(try #require(drawing))".contains("model000005.safetensors: "))
    try folder.write("ema_0.75_000005.safetensors", [])
    let average = #expect(throws: ModelError.self) { try ModelSource(path: path) }
    #expect(
      "\(try #require(average))".hasSuffix(
        "or give the file of step 4 in place of the folder: \(path)/ema_0.75_000004.safetensors"))
    try remove("model000005", "opt000005", in: folder)
    #expect(try resume(folder).0 == 4)
  }

  @Test("A checkpoint without its average is not the last one, and naming it says which is")
  func namedWithoutAverage() throws {
    let data = try smallPictures()
    let folder = try run(data)
    try remove("ema_0.5_000005", in: folder)
    #expect(try RunRecord.folder(named: "\(folder.path)/model000004.safetensors") == folder.path)
    let error = #expect(throws: TrainingError.self) {
      try RunRecord.folder(named: "\(folder.path)/model000005.safetensors")
    }
    #expect("\(try #require(error))".contains("is that of step 4, from which train --resume"))
  }

  @Test("The optimizer's state is refused as a model, and a run without a checkpoint says that it has none")
  func noModel() throws {
    let data = try smallPictures()
    let folder = try run(data)
    let optimizer = "\(folder.path)/opt000005.safetensors"
    #expect(throws: ModelError.checkpoint(.optimizer(file: optimizer))) { try ModelSource(path: optimizer) }
    let young = try TemporaryFolder()
    try young.write("run.json", Array("{}".utf8))
    #expect(throws: ModelError.checkpoint(.runWithoutWeights(folder: young.path))) {
      try ModelSource(path: young.path)
    }
  }

  @Test("Data that has grown since the run began is said, with both numbers")
  func grownData() throws {
    let data = try smallPictures()
    let folder = try run(data)
    try data.png("dark_8.png", [7], side: 8)
    #expect(try resume(folder).1 == ["the data has changed: it was 8 pictures when the run began, and is 9 now"])
  }

  @Test("Classes that have lost their names, and pictures that changed their class, do not pass in silence")
  func lostClasses() throws {
    let data = try smallPictures()
    let folder = try run(data)
    try FileManager.default.moveItem(atPath: "\(data.path)/dark_0.png", toPath: "\(data.path)/light_0.png")
    #expect(
      try resume(folder).1
        == ["the data has changed: its classes have not as many pictures each as when the run began"])
    let images: (String, [Int], NPYElements) = ("images", [2, 8, 8], .uint8([UInt8](repeating: 9, count: 128)))
    var request = smallRequest(data)
    request.data = try data.write("data.npz", plainNPZ([images, ("labels", [2], .int64([0, 1]))]))
    let error = #expect(throws: TrainingError.self) { _ = try resume(folder, as: request) }
    #expect("\(try #require(error))".contains("they have no names, so that their order cannot be compared"))
  }

  @Test("Data that has moved is asked for; a new place and other options are recorded")
  func movedData() throws {
    let data = try smallPictures()
    let folder = try run(data)
    let new = data.path + "-moved"
    try FileManager.default.moveItem(atPath: data.path, toPath: new)
    defer { try? FileManager.default.removeItem(atPath: new) }
    #expect(throws: TrainingError.dataMoved(path: data.path, folder: folder.path)) { _ = try resume(folder) }
    var request = smallRequest(data, steps: 6)
    request.data = new
    do {
      var run = try TrainingRun(resuming: folder.path, as: request)
      try run.step()
    }
    #expect(try RunRecord.read(from: folder.path).beginning == .request(request))
    #expect(try resume(folder) == (6, []))
  }

  @Test("Runs of versions whose averages did not warm up go on without")
  func earlierAverages() throws {
    let data = try smallPictures()
    let folder = try TemporaryFolder()
    var request = smallRequest(data)
    request.emaWarmUp = false
    do {
      var run = try TrainingRun(request, folder: folder.path)
      for _ in 0..<4 { try run.step() }
    }
    let record = String(decoding: try readFile("\(folder.path)/run.json"), as: UTF8.self)
    #expect(!record.contains("\"ema_warm_up\" : true"))
    let run = try TrainingRun(resuming: folder.path)
    let rates = run.loop.averages.map(\.rate)
    #expect(rates == [AverageRate(0.5, warmsUp: false), AverageRate(0.75, warmsUp: false)])
  }

  @Test("Only the newest checkpoints are kept, and nothing else is removed")
  func keepsTheNewest() throws {
    let data = try smallPictures()
    let folder = try TemporaryFolder()
    var request = smallRequest(data)
    (request.saveInterval, request.keep) = (1, 2)
    var run = try TrainingRun(request, folder: folder.path)
    try folder.write("model000000.safetensors", [1])
    try folder.write("notes.safetensors", [1])
    for _ in 0..<3 { try run.step() }
    // As a kill in the middle of removing leaves it.
    try folder.write("opt000001.safetensors", [1])
    while !run.isFinished { try run.step() }
    let files = try RunFiles(in: folder.path)
    #expect(files.kinds.keys.sorted() == [0, 4, 5])
    let names = try namesInFolder(folder.path)
    #expect(names.contains("model000000.safetensors") && names.contains("notes.safetensors"))
  }
}
