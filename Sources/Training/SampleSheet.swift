import DiffusionCore
import DiffusionImages
import DiffusionModels

/// A sheet of images by which to see how training goes: drawn by DDIM with a moving average, always from the same noise.
enum SampleSheet {
  private static let columns = 6
  private static let count = columns * columns

  /// Checks, before a run begins, that there can be sheets of its pictures.
  ///
  /// - Throws: `ImageError.tooLarge`.
  static func check(_ request: TrainingRequest) throws(ImageError) {
    let size = request.imageSize
    try checkSheet(of: count, columns: columns, width: size, height: size, scale: scale(size))
  }

  /// Draws one with the first moving average of `loop`, a step of all images at a time.
  ///
  /// - Parameter isWanted: asked behind each step.
  /// - Returns: the sheet; nil if it is not wanted any more.
  /// - Throws: `TrainingError`.
  static func draw(
    _ loop: TrainLoop, _ specification: TrainingSpecification, while isWanted: () -> Bool
  ) throws(TrainingError) -> Picture? {
    let request = specification.request
    let (size, channels) = (request.imageSize, request.imageChannels)
    let images = 0..<count
    let classes = loop.data.classCount
    let labels = classes.map { classes in images.map { Optional($0 % columns % classes) } }
    let total = specification.process.steps
    return try inTrainingTerms {
      let network = try specification.denoiser(Weights(tensors: loop.averagedTensors))
      let kept = try timesteps(total, steps: min(50, total), isDDIM: true)
      var noise = PhiloxNoise(seed: request.seed, images: images, shape: [channels, size, size])
      let start = noise.next()
      let context = SamplingContext(
        process: specification.process.diffusion(timesteps: kept),
        model: { network($0, NetworkInputs(conditioning: $1, labels: labels)) }, clipDenoised: true)
      var sampling = SamplingLoop(context, DDIM(), from: start, noise: noise)
      var x = start
      while let state = sampling.next() {
        x = state.x
        guard isWanted() else { return nil }
      }
      let pictures = try images.map { try Picture(x, $0) }
      return try grid(pictures, columns: columns).enlarged(by: scale(size))
    }
  }

  /// Small pictures are enlarged.
  private static func scale(_ size: Int) -> Int { size < 64 ? 2 : 1 }
}
