import DiffusionCommandLine
import DiffusionCore
import DiffusionModels
import TensorCore

/// Goes from pictures to the noise that they are drawn from, a batch at a time.
struct Inversion {
  private let plan: Plan

  /// For pictures that `plan` draws.
  init(_ plan: Plan) { self.plan = plan }

  /// Encodes `pictures`, `[N, C, H, W]`, as images 0 to N - 1 of the plan, calling `onStep` after each step of so many; what that throws
  /// ends it.
  ///
  /// - Returns: x_T, `[N, C, H, W]`.
  func encode(_ pictures: Tensor, onStep: (_ count: Int, _ step: Int) throws -> Void) rethrows -> Tensor {
    let count = pictures.shape[0]
    let parts = try stride(from: 0, to: count, by: plan.batch).map { first in
      let images = first..<min(first + plan.batch, count)
      var x = pictures.rows(images)
      let setting = SamplingContext(
        process: plan.diffusion, model: denoiser(images), clipDenoised: plan.clipsDenoised)
      let inversion = DDIMInversion(setting, from: x, keepsEpsilon: plan.model.settings.family == .diffusers)
      for (i, next) in inversion.enumerated() {
        x = next
        try onStep(images.count, i + 1)
      }
      return x
    }
    return Tensor.stacked(parts)
  }

  /// The network, without guidance.
  private func denoiser(_ images: Range<Int>) -> Denoiser {
    let labels = plan.model.settings.unet.numClasses == nil ? nil : images.compactMap { plan.label(of: $0) }
    var unet = SteppedUNet(plan.model.unet, steps: (0..<plan.diffusion.count).map { plan.diffusion.modelTimestep($0) })
    return { unet($0, timesteps: $1, labels: labels) }
  }
}

extension Plan {
  /// Images drawn by DDIM with η = 0 and without guidance, from noise that is still to be found of pictures.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - classes: of a class-conditional model, to be taken in turn.
  /// - Throws: as the other initializer; `UsageError` where so many do not fit where `options` wants them.
  init(_ options: Options, _ model: Model, count: Int, classes: [Int]?, origin: NoiseOrigin) throws {
    var options = options
    options.count = count
    if options.output != nil { try validate(options) }
    options.classes = nil
    options.guidance = 1
    // Nothing is drawn from it.
    options.seed = 0
    self = try Plan(options, model)
    self.classes = classes
    self.origin = origin
  }

  /// Images that are to come out as given pictures.
  ///
  /// - Throws: as the other initializer; what `InputImages.classes` throws.
  init(_ options: Options, _ model: Model, reconstructing given: InputImages) throws {
    try self.init(
      options, model, count: given.count, classes: try given.classes(options.classes, model, takesNone: true),
      origin: .pictures(given.names))
  }
}
