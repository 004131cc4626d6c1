import DiffusionCore
import DiffusionModels
import DiffusionPlatform
import DiffusionTerminal
import DiffusionText
import TensorCore

/// Says what a drawing would take, after as much of it as a single step of one batch, and draws nothing.
///
/// - Throws: what a drawing throws before its first step; `ImageError` if the words cannot be written.
func dryRun(_ plan: Plan, _ destination: Destination) throws {
  let pictures = plan.batch * (plan.guidance == 1 ? 1 : 2)
  let (step, memory) = calibrate(plan, pictures: pictures)
  let path = plan.path.steps
  let steps = path.count
  let forwards = plan.numbers.count * plan.passes
  let flops = 2 * Double(plan.model.unet.countFlops(batch: 1, size: Array(plan.imageShape.dropFirst())).total)
  // The last batch may be smaller; time goes with the images.
  let total = step.seconds * Double(forwards) / Double(pictures)
  let shape = plan.imageShape.map(String.init).joined(separator: "×")
  let timesteps = path.map { words(ofTimestep: plan.diffusion.timestepMap[$0]) }
  let images = plan.numbers.count == 1 ? "1 image" : "\(plan.numbers.count) images"
  let batches =
    plan.batches == 1 ? "in one batch" : "in \(plan.batches) batches of \(plan.batch)"
  try writeToStandardOutput(
    Array(
      """
      model       \(plan.model.name), \(shape)
      images      \(images) \(batches), to \(destination.name)
      sampler     \(plan.sampler.title), \(steps) \(steps == 1 ? "step" : "steps")\(
        plan.guidance == 1 ? "" : ", guidance \(decimal(plan.guidance, 2))")\(
        plan.passes == steps ? "" : ", \(plan.passes) forward passes")\(
        plan.initial.map { ", \($0.summary)" } ?? "")\(
        plan.classifier.map { ", \($0.name) at scale \(decimal($0.scale, 2))" } ?? "")
      timesteps   \(shortened(timesteps))
      arithmetic  \(quantity(flops, "FLOP")) a forward pass of one image, \(quantity(flops * Double(forwards), "FLOP")) in all
      memory      \(quantity(Double(memory), "B")) at most in one step of \(pictures) \(pictures == 1 ? "picture" : "pictures"), the model included
      time        about \(duration(total)): a step takes \(duration(step.seconds)), measured with \(ThreadPool.shared.threads) \(
        ThreadPool.shared.threads == 1 ? "thread" : "threads")

      """.utf8))
}

/// The time of one step of a batch and the memory that the process took for it.
private func calibrate(_ plan: Plan, pictures: Int) -> (step: Duration, memory: Int) {
  var noise = PhiloxNoise(
    seed: 0, images: 0..<pictures, shape: [plan.model.settings.unet.inChannels] + plan.imageShape.dropFirst())
  let x = noise.next()
  let timesteps = [Float](repeating: plan.diffusion.modelTimestep(plan.diffusion.count - 1), count: pictures)
  let labels = plan.model.settings.unet.numClasses.map { _ in [Int](repeating: 0, count: pictures) }
  var unet = SteppedUNet(plan.model.unet, steps: Array(timesteps.prefix(1)))
  // The first pass takes memory from the system; where passes are long, that hardly shows.
  var times: [Duration] = []
  repeat {
    times.append(
      ContinuousClock().measure {
        _ = unet(x, timesteps: timesteps, labels: labels)
        _ = plan.classifier?.gradient(
          x.rows(0..<plan.batch), Array(timesteps.prefix(plan.batch)), [Int](repeating: 0, count: plan.batch))
      })
  } while times.count < 8 && times.reduce(.zero, +) < .seconds(1)
  let steady = times.count > 1 ? times.dropFirst().sorted() : times
  return (steady[steady.count / 2], PeakMemory.bytes)
}

/// A timestep, which need not be whole.
private func words(ofTimestep timestep: Double) -> String {
  timestep.rounded() == timestep ? "\(Int(timestep))" : decimal(timestep, 1)
}

/// At most eight words of a list, those in its middle left out.
private func shortened(_ words: [String]) -> String {
  return words.count <= 8
    ? words.joined(separator: " ") : (words.prefix(4) + ["…"] + words.suffix(3)).joined(separator: " ")
}
