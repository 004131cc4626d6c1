import DiffusionCheckpoints

extension CheckpointError {
  /// Whether a file is not whole, as after a full disk or a power cut: empty, cut off or overwritten.
  public var isDamage: Bool {
    switch self {
    case .empty, .unknownFormat, .other, .safetensors, .tensor, .noTensors: true
    default: false
    }
  }

  /// This error in reading the newest checkpoint of the run in `folder`, with the file of the step before it, if there
  /// is one; unchanged if it is another error, or no run.
  func inRun(_ folder: String) -> CheckpointError {
    guard isDamage, let files = try? RunFiles(in: folder), let newest = files.drawnStep() else { return self }
    let wanted = files.averages.union([RunFolder.model])
    let steps = files.kinds.filter { $0.key < newest && $0.value.isSuperset(of: wanted) }.keys
    // The choice that is made of the newest cannot be made: its files cannot all be read.
    guard let step = steps.max() else { return self }
    let kind = wanted.max { (RunFolder.rate(ofKind: $0) ?? -1) < (RunFolder.rate(ofKind: $1) ?? -1) }
    return .inRun(self, earlier: "\(folder)/\(RunFolder.file(kind ?? RunFolder.model, step: step))", step: step)
  }
}
