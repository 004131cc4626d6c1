import DiffusionCommandLine
import DiffusionTerminal
import DiffusionText
import TensorCore

/// Encodes pictures, draws them again, and prints how far they come out from what they were.
///
/// - Throws: what is wrong with model, pictures or options, before anything is encoded; `ImageError`, `Interrupted`.
func reconstruct(_ options: Options, images: [String]) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let model = try Model(options)
  let given = try InputImages(images, for: model)
  var plan = try Plan(options, model, reconstructing: given)
  var destination = options.output == nil ? nil : try Destination(plan)
  if options.model != nil && !options.quiet { introduce(model) }

  let steps = plan.diffusion.count
  var errors: [Double] = []
  try withProgress(options, images: given.count, steps: 2 * steps) { advance in
    plan.noise = try Inversion(plan).encode(given.pictures, onStep: advance)
    try destination?.open()
    try draw(plan, onStep: { count, step in try advance(count, steps + step) }) { batch, time in
      for (n, image) in batch.images.enumerated() {
        errors.append(meanAbsoluteError(batch.x.rows(n..<n + 1), given.pictures.rows(image..<image + 1)))
      }
      try destination?.add(batch, time: time)
    }
    try destination?.finish()
  }
  try writeToStandardOutput(Array(table(given.names.map(\.text), errors).utf8))
}

/// Draws all images of a plan, a batch at a time.
func draw(
  _ plan: Plan, onStep: (_ count: Int, _ step: Int) throws -> Void,
  onBatch: (_ batch: Drawing.Batch, _ time: Duration) throws -> Void
) throws {
  var drawing = Drawing(plan)
  for first in stride(from: 0, to: plan.numbers.count, by: plan.batch) {
    let images = Array(plan.numbers[first..<min(first + plan.batch, plan.numbers.count)])
    let begin = ContinuousClock.now
    let batch = try drawing.draw(images) { try onStep(images.count, $0.step) }
    try onBatch(batch, ContinuousClock.now - begin)
  }
}

/// The mean of |a - b|.
private func meanAbsoluteError(_ a: Tensor, _ b: Tensor) -> Double {
  (0..<a.count).reduce(0.0) { $0 + abs(Double(a[$1]) - Double(b[$1])) } / Double(a.count)
}

/// A line for each picture, and for several one for all.
private func table(_ names: [String], _ errors: [Double]) -> String {
  var lines = ["error    picture (mean absolute error; pixels lie in -1 to 1)"]
  lines += zip(errors, names).map { "\(decimal($0, 5))  \($1)" }
  if errors.count > 1 { lines.append("\(decimal(errors.reduce(0, +) / Double(errors.count), 5))  all \(errors.count)") }
  return lines.joined(separator: "\n") + "\n"
}
