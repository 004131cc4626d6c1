import DiffusionCommandLine

@testable import sample

/// Words as a shell gives them, a line for each.
let commandLineTargets = [
  // To options, and where nothing is read from files, to the plan of a drawing with the embedded model.
  FuzzTarget("command-line", allowance: 64 << 20) { bytes in
    guard case .draw(let options) = try parse(words(bytes)), !options.readsFiles else { return }
    let plan = try Plan(options, try embeddedModel.get())
    blackHole((plan.passes, plan.batches, plan.guidanceInterval))
  },
  FuzzTarget("train-command-line") { bytes in blackHole(try parseTraining(words(bytes))) },
]

private func words(_ bytes: [UInt8]) -> [String] {
  bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
    String(decoding: $0, as: UTF8.self)
  }
}

private let embeddedModel = Result { try Model(Options()) }

extension Options {
  /// Whether anything but the embedded model is needed.
  fileprivate var readsFiles: Bool {
    [model, classifier, lowRes, initImage, mask, noise].contains { $0 != nil }
  }
}
