import DiffusionText

extension TrainingRun {
  /// What can be done with the run once it has ended: commands to type.
  public var advice: String {
    let folder = operand(self.folder)
    if !request.isClassifier { return "draw with: \(shellLine(["sample", "--model", folder]))" }
    let scoring = shellLine(["sample", "score", "out", "--reference", "photos", "--features", folder])
    // One of pictures without noise cannot guide.
    let guiding = request.isNoised ? "guide with: \(shellLine(["sample", "--classifier", folder])), or " : ""
    return "\(guiding)compare pictures with: \(scoring)"
  }
}
