import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import Foundation
import TestSupport
import Testing

@testable import DiffusionTraining

/// A run that a program drives step by step, in its folder.
struct TrainingRunTests {
  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0 != "samples" }.sorted()
  }

  private func finish(_ run: inout TrainingRun) throws {
    while !run.isFinished { try run.step() }
  }

  /// All that `train` leaves: a row for each step, a checkpoint for each second and the last, a sheet for the third.
  @Test func leavesItsFiles() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var run = try TrainingRun(smallRequest(data), folder: folder.path + "/run")
    var (parameters, pictures, end, step) = (run.parameterCount, run.data.count, run.end, run.stepsTaken)
    #expect(parameters > 100_000 && pictures == 8 && end == 5 && step == 0)
    #expect(try names(run.folder) == ["progress.csv", "progress.jsonl", "run.json"])
    let report = try run.step()
    #expect(report.loss.count == 4 && report.meanLoss.isFinite && report.terms.map(\.name) == ["mse"])
    try finish(&run)
    (step, pictures) = (run.stepsTaken, try readFile("\(run.folder)/progress.jsonl").count { $0 == 10 })
    #expect(step == 5 && pictures == 5)
    let states = ["000002", "000004", "000005"]
    let expected = ["ema_0.5_", "ema_0.75_", "model", "opt"].flatMap { kind in states.map { "\(kind)\($0).safetensors" }
    }
    #expect(
      try names(run.folder) == expected + ["progress.csv", "progress.jsonl", "run.json", "samples/000003.png"])
    (parameters, end) = (0, nil)
    #expect(try ModelSource(path: run.folder).specification.classNames == ["dark", "light"])
  }

  /// A flow is learned, shown on sheets and described in its files.
  @Test func learnsAFlow() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    let path = folder.path + "/run"
    var request = smallRequest(data)
    (request.settings.process, request.settings.diffusionSteps) = ("flow", nil)
    request.scheduleSampler = .uniform
    do {
      var run = try TrainingRun(request, folder: path)
      let report = try run.step()
      #expect(report.loss.count == 4 && report.meanLoss.isFinite && report.terms.isEmpty)
      try finish(&run)
    }
    #expect(try names(path).contains("samples/000003.png"))
    let specification = try ModelSource(path: path).specification
    #expect(specification.process.continuous == ContinuousDiffusion(.flow, steps: 1000))
    #expect(specification.clipping == .none && specification.classNames == ["dark", "light"])
    // A run keeps to its process.
    var other = request
    other.settings.process = nil
    let error = #expect(throws: TrainingError.self) { _ = try TrainingRun(resuming: path, as: other) }
    let words = error?.description ?? ""
    #expect(words.hasPrefix("--process: \(path) was begun with flow"), "\(words)")
  }

  /// Stopped behind any step and gone on with, by `save()` or from the last checkpoint, a run comes to the same bytes.
  @Test(arguments: [true, false])
  func goesOnFromAnyStep(isSaved: Bool) throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var whole = try TrainingRun(smallRequest(data), folder: folder.path + "/whole")
    try finish(&whole)
    for stop in 1..<5 {
      let path = "\(folder.path)/\(stop)"
      do {
        var run = try TrainingRun(smallRequest(data), folder: path)
        for _ in 0..<stop { try run.step() }
        if isSaved { try run.save() }
      }
      var run = try TrainingRun(resuming: path)
      let (step, saved, isResumed) = (run.stepsTaken, run.savedStep, run.isResumed)
      #expect(isResumed && step == (isSaved ? stop : stop / 2 * 2) && saved == (step == 0 ? nil : step))
      try finish(&run)
      for name in try names(whole.folder) {
        #expect(try readFile("\(whole.folder)/\(name)") == readFile("\(path)/\(name)"), "\(name), stopped at \(stop)")
      }
    }
  }

  /// What is asked for on going on counts; a run that has ended takes more steps.
  @Test func takesMoreSteps() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var whole = try TrainingRun(smallRequest(data, steps: 4), folder: folder.path + "/whole")
    try finish(&whole)
    do {
      var run = try TrainingRun(smallRequest(data, steps: 2), folder: folder.path + "/run")
      try finish(&run)
    }
    var run = try TrainingRun(resuming: folder.path + "/run", as: smallRequest(data, steps: 4))
    try finish(&run)
    for name in try names(run.folder) where name != "run.json" {
      #expect(try readFile("\(whole.folder)/\(name)") == readFile("\(run.folder)/\(name)"), "\(name)")
    }
  }

  /// A run that an earlier version has begun, whose words somebody else has read.
  @Test func goesOnWithEarlierRuns() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    do {
      var run = try TrainingRun(smallRequest(data), folder: folder.path)
      for _ in 0..<3 { try run.step() }
    }
    let record = "\(folder.path)/run.json"
    try folder.write(
      "run.json",
      Array(
        #"{"arguments" : ["--data", "p", "--out", "r"], "settings" : {"training" : "…"}, "version" : "0.1.0"}"#.utf8))
    #expect(try RunRecord.read(from: folder.path).beginning == .arguments(["--data", "p", "--out", "r"]))
    #expect(throws: TrainingError.earlierVersion(path: record)) { _ = try TrainingRun(resuming: folder.path) }
    var run = try TrainingRun(resuming: folder.path, as: smallRequest(data))
    let step = run.stepsTaken
    #expect(step == 2)
    try run.step()
  }

  @Test func recordsWhatItWasBegunWith() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    let run = try TrainingRun(smallRequest(data), folder: folder.path)
    let record = try RunRecord.read(from: folder.path)
    // Its data has decided what names the classes.
    var settled = smallRequest(data)
    settled.classSource = .names
    #expect(record.beginning == .request(settled))
    #expect(record.settings == TrainingSettings(smallRequest(data), nullClass: 2))
    #expect(record.settings?.nullClass == 2 && record.settings?.microbatch == 2)
    let text = String(decoding: try readFile("\(run.folder)/run.json"), as: UTF8.self)
    #expect(text.hasPrefix("{\n  \"data\" : {\n    \"class_sizes\" : [") && text.hasSuffix("}\n"))
  }

  /// Every third step, and at no other, a model is measured: the one that is saved at that step.
  @Test func logsWhatIsMeasured() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var request = smallRequest(data, steps: 7)
    (request.scoreInterval, request.features) = (3, "a classifier that whoever measures opens")
    (request.logInterval, request.saveInterval, request.sampleInterval) = (4, 3, nil)
    var run = try TrainingRun(request, folder: folder.path + "/run")
    var found: [(name: String, weights: [Float])] = []
    while !run.isFinished {
      try run.step(measuring: {
        found.append(($0.name, $0.checkpoint.state.names.flatMap($0.checkpoint.state.values(of:))))
        return [("frechet_distance", Double(found.count))]
      })
    }
    #expect(found.map(\.name) == ["\(run.folder), step 3", "\(run.folder), step 6"])
    let saved = try ModelSource(path: "\(run.folder)/ema_0.75_000006.safetensors").checkpoint.state
    #expect(found[1].weights == saved.names.flatMap(saved.values(of:)) && found[0].weights != found[1].weights)
    let rows = String(decoding: try readFile("\(run.folder)/progress.csv"), as: UTF8.self).split(separator: "\n")
    #expect(rows[0].hasSuffix(",lr,frechet_distance"))
    // Rows of every fourth step and of the last are there as ever.
    #expect(rows.dropFirst().map { $0.prefix { $0 != "," } } == ["3", "4", "6", "7"])
    #expect(
      rows.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false).last } == ["1", "", "2", ""])
  }

  /// A sheet that is not wanted any more is left out, and nothing else.
  @Test func sheetsCanBeLeftOut() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var run = try TrainingRun(smallRequest(data), folder: folder.path)
    while !run.isFinished { try run.step(drawingWhile: { false }) }
    #expect(try kind(ofPath: "\(folder.path)/samples") == .nothing)
    #expect(try RunFiles(in: folder.path).newest == 5)
  }

  /// The checkpoint that a run began from need not be there any more.
  @Test func beginsFromACheckpoint() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var first = try TrainingRun(smallRequest(data, steps: 1), folder: folder.path + "/first")
    try first.step()
    var more = smallRequest(data, steps: 2)
    more.resumeCheckpoint = "\(folder.path)/first/model000001.safetensors"
    do {
      var run = try TrainingRun(more, folder: folder.path + "/run")
      let weights = zip(first.loop.variables, run.loop.variables).map { ($0.value.values, $1.value.values) }
      #expect(weights.allSatisfy { $0 == $1 })
      try run.step()
      try run.save()
    }
    try FileManager.default.removeItem(atPath: folder.path + "/first")
    var run = try TrainingRun(resuming: folder.path + "/run")
    try run.step()
  }

  /// A level is halved by nothing, so that its tensors do not tell by what.
  @Test func oneLevelCanBeDrawn() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    var request = smallRequest(data, steps: 1)
    (request.settings.channelMult, request.settings.resblockUpdown) = ([1], true)
    (request.settings.attentionResolutions, request.sampleInterval) = ([8], nil)
    var run = try TrainingRun(request, folder: folder.path + "/run")
    try run.step()
    _ = try run.drawnModel().network()
    _ = try ModelSource(path: run.folder).network()
  }

  @Test func refusesWhatItCannotDo() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    let path = folder.path + "/run"
    var scored = smallRequest(data)
    (scored.settings.inChannels, scored.scoreInterval, scored.features) = (nil, 1, "c")
    scored.settings.classCond = nil
    scored.nullClassProbability = nil
    for (count, channels, problem) in [(5, 4, "1 or 3 channels, not 4"), (3, 3, "3 pictures are too few")] {
      let pixels = [UInt8](repeating: 7, count: count * 64 * channels)
      scored.data = try folder.write("d.npz", plainNPZ([("images", [count, 8, 8, channels], .uint8(pixels))]))
      let error = #expect(throws: TrainingError.self) { _ = try TrainingRun(scored, folder: path) }
      #expect("\(try #require(error))".contains(problem), "\(error.map { "\($0)" } ?? "")")
      #expect(try kind(ofPath: path) == .nothing)
    }
    // Nothing is written before data and model are known to be sound.
    var wrong = smallRequest(data)
    wrong.data = "/nowhere"
    #expect(throws: TrainingError.data(.data(path: "/nowhere", .nothing))) { _ = try TrainingRun(wrong, folder: path) }
    wrong = smallRequest(data)
    wrong.settings.numChannels = 40
    #expect(throws: TrainingError.self) { _ = try TrainingRun(wrong, folder: path) }
    wrong = smallRequest(data)
    wrong.resumeCheckpoint = "\(data.path)/dark_0.png"
    #expect(throws: TrainingError.self) { _ = try TrainingRun(wrong, folder: path) }
    #expect(try kind(ofPath: path) == .nothing)

    #expect(throws: TrainingError.self) { _ = try TrainingRun(resuming: path) }
    do {
      var run = try TrainingRun(smallRequest(data), folder: path)
      #expect(throws: TrainingError.inUse(folder: path)) { _ = try TrainingRun(resuming: path) }
      #expect(throws: TrainingError.inUse(folder: path)) { _ = try TrainingRun(smallRequest(data), folder: path) }
      try run.step()
      try run.save()
    }
    #expect(throws: TrainingError.runExists(folder: path)) { _ = try TrainingRun(smallRequest(data), folder: path) }
    var other = smallRequest(data)
    other.settings.numChannels = 64
    #expect(throws: TrainingError.self) { _ = try TrainingRun(resuming: path, as: other) }
  }

  @Test("A folder without its record is no place for a new run, and one without its checkpoints is not gone on with")
  func folderThatLacksFiles() throws {
    let (data, folder) = (try smallPictures(), try TemporaryFolder())
    let path = folder.path + "/run"
    do {
      var run = try TrainingRun(smallRequest(data), folder: path)
      try finish(&run)
    }
    let record = try readFile("\(path)/run.json")
    try FileManager.default.removeItem(atPath: "\(path)/run.json")
    let names = try names(path)
    for name in names {
      let error = TrainingError.wouldReplace(folder: path, file: try #require(self.names(path).first))
      #expect(throws: error) { _ = try TrainingRun(smallRequest(data), folder: path) }
      if name.hasSuffix(".safetensors") { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
    }
    try Data(record).write(to: URL(fileURLWithPath: "\(path)/run.json"))
    let rows = try readFile("\(path)/progress.csv")
    #expect(throws: TrainingError.checkpointsAreGone(folder: path, row: 5)) { _ = try TrainingRun(resuming: path) }
    #expect(try readFile("\(path)/progress.csv") == rows)
  }

  /// Records that are none, or that ask for something unknown.
  @Test(arguments: ["", "{", "[]", #"{"version": "1"}"#, #"{"version": "1", "request": 5, "settings": {}}"#])
  func refusesRecords(text: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("run.json", Array(text.utf8))
    #expect(throws: TrainingError.notARun(path: path)) { try RunRecord.read(from: folder.path) }
  }

  @Test func saysWhatIsUnknown() throws {
    let folder = try TemporaryFolder()
    try folder.write("run.json", Array(#"{"version": "9", "request": {"data": "p", "warp": 1}, "settings": {}}"#.utf8))
    do {
      _ = try RunRecord.read(from: folder.path)
      Issue.record("an unknown name is passed over")
    } catch {
      #expect(
        "\(error)".hasPrefix("\(folder.path)/run.json: asks for what this version does not know: there is no \"warp\";")
      )
    }
  }
}

extension StateDict {
  /// All numbers of a tensor.
  fileprivate func values(of name: String) -> [Float] {
    shape(of: name).flatMap { try? tensor(name, shape: $0) }?.values ?? []
  }
}
