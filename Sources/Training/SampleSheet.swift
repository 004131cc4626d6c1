import DiffusionCore
import DiffusionImages
import DiffusionModels

/// A sheet of samples that shows training progress: DDIM, Euler's method for a flow, or two steps of a consistency
/// model, with the weights that `sample` would draw with, always from the same noise.
enum SampleSheet {
  private static let columns = 6
  private static let count = columns * columns

  /// Checks, before a run begins, that its sheets are not too large.
  ///
  /// - Throws: `ImageError.tooLarge`.
  static func check(_ request: TrainingRequest) throws(ImageError) {
    let size = request.imageSize
    try checkSheet(of: count, columns: columns, width: size, height: size, scale: scale(size))
  }

  /// Samples a sheet with `loop.drawnTensors`, one step of all images at a time.
  ///
  /// - Parameter isWanted: asked after each step.
  /// - Returns: the sheet; nil if it is no longer wanted.
  /// - Throws: `TrainingError`.
  static func draw(
    _ loop: TrainLoop, _ specification: TrainingSpecification, while isWanted: () -> Bool
  ) throws(TrainingError) -> Picture? {
    let request = specification.request
    let (size, channels) = (request.imageSize, request.imageChannels)
    let images = 0..<count
    let classes = loop.data.classCount
    let labels = classes.map { classes in images.map { Optional($0 % columns % classes) } }
    return try inTrainingTerms { () throws -> Picture? in
      let network = try specification.denoiser(Weights(tensors: loop.drawnTensors))
      var noise = PhiloxNoise(seed: request.seed, images: images, shape: [channels, size, size])
      let (process, sampler, clipping, factor) = try way(specification.process)
      let start = noise.next().map { factor * $0 }
      let context = SamplingContext(
        process: process, model: { network($0, NetworkInputs(conditioning: $1, labels: labels)) }, clipping: clipping)
      var sampling = SamplingLoop(context, sampler, from: start, noise: noise)
      var x = start
      while let state = sampling.next() {
        x = state.x
        guard isWanted() else { return nil }
      }
      let visible = x.firstChannels(shownChannels(channels))
      let pictures = try images.map { try Picture(visible, $0) }
      return try grid(pictures, columns: columns).enlarged(by: scale(size))
    }
  }

  /// The levels that sheets of a process visit, the sampler, how it clips, and the factor of the noise it starts from.
  private static func way(
    _ specification: ProcessSpecification
  ) throws -> (process: any NoiseProcess, sampler: any Sampler, clipping: Clipping, scale: Float) {
    guard let continuous = specification.continuous else {
      let (total, steps) = (specification.steps, min(50, specification.steps))
      let process = specification.diffusion(timesteps: try timesteps(total, steps: steps, isDDIM: true))
      return (process, DDIM(), .range(1), 1)
    }
    let isConsistency = continuous.form.isConsistency
    let sigmas = try continuous.sigmas(steps: isConsistency ? 2 : 50)
    return (
      ContinuousProcess(continuous, sigmas: sigmas), isConsistency ? Consistency() : Euler(),
      isConsistency ? .range(1) : .none, continuous.startingNoise(sigmas[0]).scale
    )
  }

  /// How many of an image's channels a sheet shows: the first three as colour, or the first as grey. Alpha would hide
  /// what has been learned.
  static func shownChannels(_ channels: Int) -> Int { channels < 3 ? 1 : 3 }

  /// What should be said of sheets that do not show all channels; nil if they do, or if there are none.
  static func remark(_ request: TrainingRequest) -> String? {
    let (all, shown) = (request.imageChannels, shownChannels(request.imageChannels))
    guard request.sampleInterval != nil, shown < all else { return nil }
    return "sheets of samples show the first \(shown == 1 ? "" : "3 ")of \(all) channels"
  }

  /// Small images are enlarged for viewing.
  private static func scale(_ size: Int) -> Int { size < 64 ? 2 : 1 }
}

extension Tensor {
  /// The first channels of images: `[N, C, H, W]` → `[N, count, H, W]`.
  fileprivate func firstChannels(_ count: Int) -> Tensor {
    let (all, plane) = (shape[1], shape[2] * shape[3])
    if count == all { return self }
    return withUnsafePointer { source in
      Tensor([shape[0], count, shape[2], shape[3]]) { out in
        for n in 0..<shape[0] {
          for i in 0..<count * plane { out[n * count * plane + i] = source[n * all * plane + i] }
        }
      }
    }
  }
}
