import DiffusionCommandLine
import DiffusionTraining

/// What a run of training has left in its folder, and goes on from.
let logTargets = [
  // progress.csv, progress.jsonl and run.json, with zero bytes between them.
  FuzzTarget("training-log") { bytes in
    let parts = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false).map { Array($0) }
    for (i, name) in ["progress.csv", "progress.jsonl", "run.json"].enumerated() {
      ScratchFolder.write(i < parts.count ? parts[i] : [], as: "run/\(name)")
    }
    let folder = ScratchFolder.file("run")
    if let record = try? RunRecord.read(from: folder) { blackHole(try? recordedRequest(record)) }
    let log = try TrainingLog(folder: folder, resumingFrom: 10)
    try log.log(step: 11, values: [("loss", 0.5), ("more", .nan)])
  }
]
