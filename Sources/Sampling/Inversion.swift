import DiffusionCore
import TensorCore

/// Encodes images into the noise that draws them, one batch at a time.
public struct Inversion {
  private let plan: SamplingPlan

  /// For images drawn by `plan`.
  public init(_ plan: SamplingPlan) { self.plan = plan }

  /// Encodes `pictures`, `[N, C, H, W]`, as images 0 to N - 1 of the plan. `onStep` is called after each step of a
  /// batch of `count` images; if it throws, encoding stops.
  ///
  /// - Returns: x_T, `[N, C, H, W]`.
  public func encode(_ pictures: Tensor, onStep: (_ count: Int, _ step: Int) throws -> Void) rethrows -> Tensor {
    let count = pictures.shape[0]
    // In order of use, which is the reverse of drawing.
    let network = plan.model.network.prepared(for: (0..<plan.process.count).map { plan.process.level($0).conditioning })
    let parts = try stride(from: 0, to: count, by: plan.batch).map { first in
      let images = first..<min(first + plan.batch, count)
      var x = pictures.rows(images)
      let context = SamplingContext(
        process: plan.process, model: plan.denoiser(images, network),
        clipping: plan.clipping)
      let inversion = DDIMInversion(
        context, from: x, keepsEpsilon: plan.model.specification.conventions.keepsEpsilon)
      for (i, next) in inversion.enumerated() {
        x = next
        try onStep(images.count, i + 1)
      }
      return x
    }
    return Tensor.stacked(parts)
  }
}

extension SamplingPlan {
  /// A plan that reproduces given images: DDIM with η = 0 and no guidance, from noise that `findNoise`
  /// still has to set.
  ///
  /// - Throws: `SamplingError`.
  public init(
    _ request: SamplingRequest, _ model: DiffusionModel, reconstructing given: InputImages
  ) throws(SamplingError) {
    try model.requireTimesteps()
    let classes = try given.classes(request.classes, model, takesNone: true)
    try self.init(inverting: request, model, count: given.count, classes: classes)
    origins = given.names
  }

  /// - Parameters:
  ///   - count: the number of images.
  ///   - classes: cycled through; nil for an unconditional model.
  init(
    inverting request: SamplingRequest, _ model: DiffusionModel, count: Int, classes: [Int]?
  ) throws(SamplingError) {
    var request = request
    request.count = count
    request.classes = nil
    request.guidance = 1
    request.sampler = DDIM.info.name
    // The seed is unused.
    request.seed = 0
    self = try SamplingPlan(request, model)
    self.classes = classes
  }

  /// Sets the noise that draws the given images.
  public mutating func findNoise(
    of given: InputImages, onStep: (_ count: Int, _ step: Int) throws -> Void
  ) rethrows {
    noise = try Inversion(self).encode(given.pictures, onStep: onStep)
  }
}
