import DiffusionCore
import DiffusionTerminal
import DiffusionText
import Sampling
import TensorCore

/// Prints what a run would cost, and draws nothing.
///
/// - Parameters:
///   - plan: the run.
///   - name: where the images would go.
/// - Throws: `FileError` if standard output cannot be written.
func dryRun(_ plan: SamplingPlan, name: String) throws {
  let estimate = DrawingEstimate(plan)
  let path = plan.schedule.steps
  let steps = path.count
  func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
  let isDecoded = plan.model.autoencoder != nil
  let shape = text(plan.pictureShape) + (isDecoded ? ", from latents of \(text(plan.imageShape))" : "")
  let timesteps = path.map { words(ofTimestep: plan.process.timestep($0)) }
  let images = counted(plan.indices.count, "image")
  let batches = plan.batches == 1 ? "in one batch" : "in \(plan.batches) batches of \(plan.batch)"
  let pictures = estimate.pictures
  try printText(
    """
    model       \(escapingControls(plan.model.name)), \(shape)
    images      \(images) \(batches), to \(escapingControls(name))
    sampler     \(plan.sampler.title), \(counted(steps, "step"))\(
      plan.guidance == 1 ? "" : ", guidance \(decimal(plan.guidance, 2))")\(
      plan.modelEvaluations == steps ? "" : ", \(plan.modelEvaluations) forward passes")\(
      plan.initial.map { ", \(escapingControls($0.summary))" } ?? "")\(
      plan.classifier.map { ", \(escapingControls($0.name)) at scale \(decimal($0.scale, 2))" } ?? "")
    timesteps   \(shortened(timesteps))
    arithmetic  \(quantity(estimate.flop, "FLOP")) per forward pass of one image, \(
      isDecoded ? "\(quantity(estimate.decodingFlop, "FLOP")) to decode it, " : "")\(
      quantity(estimate.totalFlop, "FLOP")) in total
    memory      \(quantity(Double(estimate.memory), "B")) at most, in a step of \(counted(pictures, "image"))\(
      isDecoded ? " and in decoding one" : ""), including the model
    time        about \(duration(estimate.seconds)): a step takes \(duration(estimate.step.seconds)), \(
      isDecoded ? "decoding an image \(duration(estimate.decoding.seconds)), " : "")measured with \(
      counted(ThreadPool.shared.threads, "thread"))

    """)
}

/// A timestep, which may be fractional.
private func words(ofTimestep timestep: Double) -> String {
  // Levels of noise go down to thousandths.
  timestep.rounded() == timestep ? "\(Int(timestep))" : decimal(timestep, timestep < 1 ? 4 : 1)
}

/// At most eight words, leaving out the middle of a longer list.
private func shortened(_ words: [String]) -> String {
  words.count <= 8
    ? words.joined(separator: " ") : (words.prefix(4) + ["…"] + words.suffix(3)).joined(separator: " ")
}
