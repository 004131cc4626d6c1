import DiffusionCheckpoints
import DiffusionFiles
import DiffusionModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionTraining

/// Averages of the weights, and which of them is drawn with.
struct AveragesTests {
  @Test("The rate of an average warms up, as (1 + s) / (10 + s), until it is reached")
  func warmsUp() {
    let rate = AverageRate(0.999, warmsUp: true)
    #expect([0, 1, 8, 90].map(rate.kept) == [0.1, 2.0 / 11, 0.5, 0.91])
    // (1 + s) / (10 + s) = 0.999 at s = 8990.
    #expect(rate.kept(after: 8989) < 0.999 && rate.kept(after: 8990) == 0.999 && rate.kept(after: 1_000_000) == 0.999)
    #expect(AverageRate(0.999, warmsUp: false).kept(after: 0) == 0.999)
  }

  @Test("The share of the first weights is that of the product of all rates")
  func shares() {
    let constant = AverageRate(0.9999, warmsUp: false)
    // 0.9999^150 and 0.9999^46052 = e^-4.6052….
    #expect(abs(constant.shareOfFirstWeights(after: 150) - 0.985111) < 1e-6)
    #expect(!constant.isFounded(after: 46_000) && constant.isFounded(after: 46_052))
    // 1/10 · 2/11 · 3/12 · 4/13.
    let warm = AverageRate(0.9999, warmsUp: true)
    #expect(abs(warm.shareOfFirstWeights(after: 4) - 24.0 / 17160) < 1e-12)
    #expect(!warm.isFounded(after: 2) && warm.isFounded(after: 4) && !warm.isFounded(after: 0))
    #expect(AverageRate(0.5, warmsUp: true).shareOfFirstWeights(after: 100) > 0)
  }

  @Test("Numbers of steps that a run's files claim are no more than a run can have")
  func claimedSteps() {
    let found = ["3", "-1", "8", "\(Int.max)"].map { RunFolder.steps("key", in: ["key": $0], after: 7) }
    #expect(found == [3, 7, 7, 7] && RunFolder.steps("key", in: [:], after: 7) == 7)
    #expect(RunFolder.parts(ofFile: "model\(Int.max).safetensors") == nil)
    #expect(AverageRate(0.9999999999, warmsUp: true).isFounded(after: RunFolder.mostSteps))
  }

  /// Three weights that are 1, then 2, then 3: 0.1 · 0 + 0.9 · 1 = 0.9; 2/11 · 0.9 + 9/11 · 2 = 1.8; 3/12 · 1.8 + …
  @Test("An average that warms up follows the weights by the rates of its steps")
  func follows() {
    let variable = Variable(name: "w", Tensor([1], [0]))
    var average = EMA(of: [variable], rate: AverageRate(0.9999, warmsUp: true))
    for value: Float in [1, 2, 3] {
      variable.set(Tensor([1], [value]))
      average.follow([variable])
    }
    #expect(abs(average.values[0].values[0] - 2.7) < 1e-6)
  }

  /// A folder with files as versions before this one wrote them, of one tensor.
  private func folder(_ files: [String], metadata: [String: String] = [:]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for file in files {
      try writeAtomically(to: "\(folder.path)/\(file).safetensors") { write in
        try writeSafetensors([("w", Tensor([1], [0]))], metadata: metadata) { try write($0) }
      }
    }
    return folder
  }

  private func drawn(_ folder: TemporaryFolder) throws -> (file: String, remarks: [String]) {
    let weights = try #require(try DrawnWeights(in: folder.path))
    return (String(weights.path.dropFirst(folder.path.count + 1)), weights.remarks)
  }

  @Test("After a short run of an earlier version the raw weights are drawn with, and it is said")
  func shortConstantRun() throws {
    let (file, remarks) = try drawn(try folder(["model000150", "ema_0.9999_000150", "opt000150"]))
    #expect(file == "model000150.safetensors")
    #expect(
      remarks == [
        "98.5 % of ema_0.9999_000150.safetensors is still the weights that it began with; the raw weights draw better"
      ])
  }

  @Test("Of several averages the slowest that is founded is drawn with")
  func bestFounded() throws {
    let names = ["model005000", "ema_0.9_005000", "ema_0.999_005000", "ema_0.9999_005000", "opt005000"]
    let (file, remarks) = try drawn(try folder(names))
    #expect(file == "ema_0.999_005000.safetensors" && remarks.count == 1)
    // An average that warmed up is founded after few steps.
    let warm = try drawn(try folder(names, metadata: ["ema_warm_up": "True"]))
    #expect(warm.file == "ema_0.9999_005000.safetensors" && warm.remarks.isEmpty)
    let young = try drawn(try folder(names, metadata: ["ema_warm_up": "True", "ema_steps": "2"]))
    #expect(young.file == "model005000.safetensors")
  }

  @Test("Drawing needs no optimizer, and says when it does not draw with the newest step")
  func missingFiles() throws {
    let all = ["model000001", "ema_0_000001", "opt000001", "model000002", "ema_0_000002", "opt000002"]
    let run = try folder(all)
    #expect(try drawn(run).file == "ema_0_000002.safetensors")
    try FileManager.default.removeItem(atPath: run.path + "/opt000002.safetensors")
    #expect(try drawn(run) == ("ema_0_000002.safetensors", []))
    try FileManager.default.removeItem(atPath: run.path + "/opt000001.safetensors")
    #expect(try drawn(run) == ("ema_0_000002.safetensors", []))
    try FileManager.default.removeItem(atPath: run.path + "/ema_0_000002.safetensors")
    let older = try drawn(run)
    #expect(older.file == "ema_0_000001.safetensors")
    #expect(
      older.remarks == ["step 2 is incomplete (there is no ema_0_000002.safetensors), so step 1 is drawn with"])
    // What other programs and people put there is no checkpoint.
    let foreign = try folder(["model2", "model000003-backup", "ema_2_000003", "optimum000003", "model000001", "x"])
    #expect(try drawn(foreign).file == "model000001.safetensors")
    let bare = try folder(["opt000001"])
    #expect(try DrawnWeights(in: bare.path) == nil)
    withExtendedLifetime(bare) {}
  }
}
