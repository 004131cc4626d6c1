import DiffusionCommandLine
import DiffusionOutput
import Sampling

/// Words as a shell gives them, a line for each.
let commandLineTargets = [
  // To options, and where nothing is read from files, to the plan of a drawing with the embedded model.
  FuzzTarget("command-line", allowance: 64 << 20) { bytes in
    guard case .draw(let options) = try parse(words(bytes)), !options.readsFiles else { return }
    let plan = try SamplingPlan(options.request, .embedded)
    blackHole((plan.modelEvaluations, plan.batches, plan.canonicalRequest(image: 0, label: plan.label(of: 0))))
  },
  // A line of JSON, as `sample run` takes it.
  FuzzTarget("request", allowance: 64 << 20) { bytes in
    let job = try DrawingJob(line: bytes)
    guard !Options(job.request).readsFiles else { return }
    blackHole(try SamplingPlan(job.request, .embedded).batches)
  },
  FuzzTarget("train-command-line") { bytes in blackHole(try parseTraining(words(bytes))) },
]

private func words(_ bytes: [UInt8]) -> [String] {
  bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
    String(decoding: $0, as: UTF8.self)
  }
}

extension Options {
  fileprivate init(_ request: SamplingRequest) {
    self.init()
    self.request = request
  }

  /// Whether anything but the embedded model is needed.
  fileprivate var readsFiles: Bool {
    let files = [request.model, request.classifier, request.lowRes, request.initImage, request.mask, request.noise]
    return files.contains { $0 != nil }
  }
}
