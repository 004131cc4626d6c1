import DiffusionTraining
import Foundation
import TestSupport
import Testing

struct TrainingLogTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder.path + "/" + name, encoding: .utf8)
  }

  @Test func rowsAndColumns() throws {
    let log = try TrainingLog(folder: folder.path)
    #expect(try text("progress.csv") == "step\n" && text("progress.jsonl") == "")
    try log.log(step: 0, values: [("loss", 0.5), ("loss_q3", 1)])
    // Rows can be read while the log is open.
    #expect(try text("progress.csv") == "step,loss,loss_q3\n0,0.5,1\n")
    try log.log(step: 10, values: [("loss_q0", 1e-5), ("loss", -0.1), ("samples", 1280)])
    try log.log(step: 20, values: [("loss", .nan), ("samples", .infinity)])
    #expect(
      try text("progress.csv") == """
        step,loss,loss_q3,loss_q0,samples
        0,0.5,1,,
        10,-0.1,,1e-05,1280
        20,nan,,,inf

        """)
    #expect(
      try text("progress.jsonl") == """
        {"step": 0, "loss": 0.5, "loss_q3": 1}
        {"step": 10, "loss_q0": 1e-05, "loss": -0.1, "samples": 1280}
        {"step": 20, "loss": null, "samples": null}

        """)
    for line in try text("progress.jsonl").split(separator: "\n") {
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    // A run that does not go on begins anew.
    _ = try TrainingLog(folder: folder.path)
    #expect(try text("progress.csv") == "step\n" && text("progress.jsonl") == "")
  }

  @Test func goingOn() throws {
    do {
      let log = try TrainingLog(folder: folder.path)
      for step in [0, 10, 20, 30] { try log.log(step: step, values: [("loss", Double(step) / 4)]) }
    }
    // Cut short: step 120 and not 12.
    try folder.write("progress.csv", Array((try text("progress.csv") + "12").utf8))
    try folder.write("progress.jsonl", Array((try text("progress.jsonl") + "{\"step\": 12").utf8))
    let log = try TrainingLog(folder: folder.path, resumingFrom: 20)
    #expect(try text("progress.csv") == "step,loss\n0,0\n10,2.5\n20,5\n")
    #expect(
      try text("progress.jsonl")
        == "{\"step\": 0, \"loss\": 0}\n{\"step\": 10, \"loss\": 2.5}\n{\"step\": 20, \"loss\": 5}\n")
    try log.log(step: 30, values: [("loss", 8), ("rate", 0.25)])
    #expect(try text("progress.csv") == "step,loss,rate\n0,0,\n10,2.5,\n20,5,\n30,8,0.25\n")
    #expect(try text("progress.jsonl").hasSuffix("{\"step\": 30, \"loss\": 8, \"rate\": 0.25}\n"))
  }

  /// Upstream's table has its columns in the order of the alphabet, and its steps may be numbers with a point.
  @Test func goingOnWithUpstreamsTable() throws {
    try folder.write("progress.csv", Array("loss,samples,step\n0.5,64,0\n0.25,,10.0\n0.125,64,11\n".utf8))
    let log = try TrainingLog(folder: folder.path, resumingFrom: 10)
    try log.log(step: 20, values: [("loss", 1)])
    #expect(try text("progress.csv") == "loss,samples,step\n0.5,64,0\n0.25,,10.0\n1,,20\n")
    #expect(try text("progress.jsonl") == "{\"step\": 20, \"loss\": 1}\n")
  }

  @Test func goingOnWithNothing() throws {
    try TrainingLog(folder: folder.path, resumingFrom: 7).log(step: 8, values: [])
    #expect(try text("progress.csv") == "step\n8\n" && text("progress.jsonl") == "{\"step\": 8}\n")
  }

  @Test func filesThatAreNoLogs() throws {
    let (csv, json) = (folder.path + "/progress.csv", folder.path + "/progress.jsonl")
    func expect(_ error: TrainingLogError, _ table: String, _ lines: String = "") throws {
      try folder.write("progress.csv", Array(table.utf8))
      try folder.write("progress.jsonl", Array(lines.utf8))
      #expect(throws: error) { try TrainingLog(folder: folder.path, resumingFrom: 5) }
      #expect(!"\(error)".contains("\n"))
      // They stay as they were.
      #expect(try text("progress.csv") == table && text("progress.jsonl") == lines)
    }
    try expect(.noSteps(path: csv), "a,b\n1,2\n")
    try expect(.line(path: csv, 3), "step,b\n1,2\n1,2,3\n")
    try expect(.line(path: csv, 2), "step,b\nnan,2\n")
    try expect(.line(path: csv, 2), "step,b\n,2\n")
    try expect(.line(path: json, 2), "step\n", "{\"step\": 1}\n{\"loss\": 1}\n")
    try expect(.line(path: json, 1), "step\n", "{\"step\": x}\n")
    #expect {
      _ = try TrainingLog(folder: folder.path + "/none")
    } throws: { error in
      guard case TrainingLogError.file(.refused(folder.path + "/none/progress.csv", _, _)) = error else { return false }
      return true
    }
  }
}
