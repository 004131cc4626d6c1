import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import DiffusionTraining

/// Draws a sheet of images with a moving average, to see how training goes: by DDIM, always from the same noise.
///
/// - Throws: `ImageError`, and what `onStep` throws.
func drawSheet(
  _ loop: TrainLoop, _ plan: ModelPlan, to path: String, onStep: () throws -> Void
) throws {
  let unet = try UNetModel(plan.configuration, Weights(tensors: loop.averagedTensors))
  let columns = 6
  let images = 0..<columns * columns
  let (size, channels) = (plan.configuration.imageSize ?? 0, plan.configuration.imageChannels)
  let classes = plan.configuration.numClasses.map { $0 - (plan.nullClass == nil ? 0 : 1) }
  let labels = classes.map { classes in images.map { $0 % columns % classes } }
  let count = plan.diffusion.count
  let diffusion = GaussianDiffusion(
    betas: plan.diffusion.betas, timesteps: try timesteps(count, steps: min(50, count), isDDIM: true),
    meanType: plan.diffusion.meanType,
    varType: plan.diffusion.varType, rescaleTimesteps: plan.diffusion.rescaleTimesteps)
  var noise = PhiloxNoise(seed: loop.settings.seed, images: images, shape: [channels, size, size])
  let start = noise.next()
  let setting = SamplingContext(
    process: diffusion, model: { unet($0, timesteps: $1, labels: labels) }, clipDenoised: true)
  var sampling = SamplingLoop(setting, DDIM(), from: start, noise: noise)
  var x = start
  while let state = sampling.next() {
    x = state.x
    try onStep()
  }
  let pictures = try images.map { try Picture(x, $0) }
  try writeAtomically(try grid(pictures, columns: columns).enlarged(by: size < 64 ? 2 : 1).png(text: []), to: path)
}
