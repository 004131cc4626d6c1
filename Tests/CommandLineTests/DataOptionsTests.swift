import DiffusionCommandLine
import DiffusionTraining
import Testing

/// What `train` is told about its data.
struct DataOptionsTests {
  private func request(_ words: String...) throws -> TrainingRequest {
    guard case .train(let options, _) = try parseTraining(["--data", "d", "-o", "r"] + words) else {
      throw UsageError("does not train")
    }
    return options.training
  }

  @Test("Backgrounds, classes and bad pictures are asked for by an option each")
  func options() throws {
    let plain = try request()
    #expect(plain.background == .black && !plain.skipsBad && plain.classSource == nil)
    let asked = try request("--background", "ff8000", "--skip-bad", "--classes-from", "folders")
    #expect(asked.background == Background(red: 255, green: 128, blue: 0))
    #expect(asked.skipsBad && asked.classSource == .folders)
    let colour = #expect(throws: UsageError.self) { try request("--background", "purple") }
    #expect("\(try #require(colour))".contains("type for instance --background white"))
    #expect(throws: UsageError.self) { try request("--classes-from", "labels") }
  }

  @Test("--dry-run needs no folder for a run, and is for a new run")
  func dryRun() throws {
    guard case .dryRun(let options) = try parseTraining(["--data", "d", "--dry-run"]) else {
      Issue.record("is no dry run")
      return
    }
    #expect(options.training.data == "d")
    #expect(throws: UsageError.self) { try parseTraining(["--resume", "r", "--dry-run"]) }
  }
}
