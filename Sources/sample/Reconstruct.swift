import DiffusionCommandLine
import DiffusionOutput
import DiffusionTerminal
import DiffusionText
import Sampling
import TensorCore

/// Encodes images, draws them again, and prints the reconstruction errors.
///
/// - Throws: any error in the model, images or options, before anything is encoded; `FileError`, `Interrupted`.
func reconstruct(_ options: Options, images: [String]) throws {
  let model = try openModel(options)
  let given = try InputImages(images, for: model)
  var plan = try SamplingPlan(options.request, model, reconstructing: given)
  // Fails before anything is encoded if the output cannot be written.
  let output = try options.output.destination.map { _ in try ImageOutput(plan, options.output, outputProgram) }
  let leavesFiles = output?.isFileEach == true && !options.output.overwrite
  introduce(model, options)

  let steps = plan.process.count
  var errors: [Double] = []
  func compare(_ x: Tensor, _ image: Int) {
    errors.append(meanAbsoluteError(x, given.pictures.rows(image..<image + 1)))
  }
  try withProgress(
    progressStyle(options), images: given.count, steps: 2 * steps, leavesFiles: leavesFiles
  ) { advance in
    try plan.findNoise(of: given, onStep: advance)
    if options.output.destination != nil {
      var run = try DrawingRun(plan, options.output, outputProgram)
      try run.run(
        onStep: { try advance($1, steps + $0.step) },
        onBatch: { batch in
          for (n, image) in batch.images.enumerated() { compare(batch.x.rows(n..<n + 1), image) }
        })
    } else {
      for step in SamplingSteps(plan) {
        try advance(step.images.count, steps + step.number)
        for image in step.finished { compare(image.x, image.index) }
      }
    }
  }
  try printText(table(given.names.map(\.text), errors))
}

/// The mean of |a - b|.
private func meanAbsoluteError(_ a: Tensor, _ b: Tensor) -> Double {
  (0..<a.count).reduce(0.0) { $0 + abs(Double(a[$1]) - Double(b[$1])) } / Double(a.count)
}

/// A line per image, and one for all if there are several.
private func table(_ names: [String], _ errors: [Double]) -> String {
  var lines = ["error    image (mean absolute error; pixels range from -1 to 1)"]
  lines += zip(errors, names).map { "\(decimal($0, 5))  \(escapingControls($1))" }
  if errors.count > 1 { lines.append("\(decimal(errors.reduce(0, +) / Double(errors.count), 5))  all \(errors.count)") }
  return lines.joined(separator: "\n") + "\n"
}
