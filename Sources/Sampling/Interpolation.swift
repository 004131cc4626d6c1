import DiffusionCore
import TensorCore

/// Images between two ends, drawn by DDIM from noise on the arc between the ends' noise, which `findNoise` computes.
public struct Interpolation {
  /// Draws the images once `findNoise` has set its noise.
  public private(set) var plan: SamplingPlan
  private let ends: Ends

  private enum Ends {
    /// `[2, C, H, W]`.
    case pictures(Tensor)
    case seeds(UInt64, UInt64)
  }

  /// How many inputs have to be encoded.
  public var encodedCount: Int {
    if case .pictures = ends { 2 } else { 0 }
  }

  /// Reads the ends.
  ///
  /// - Throws: `SamplingError`.
  public init(
    _ request: SamplingRequest, _ ends: InterpolationEnds, frames: Int, _ model: DiffusionModel
  ) throws(SamplingError) {
    try model.requireTimesteps()
    switch ends {
    case .pictures(let a, let b):
      let given = try InputImages([a, b], for: model)
      if let many = given.names.first(where: { $0.count > 1 }) {
        throw .severalPictures(path: many.file, many.count)
      }
      let classes = try given.classes(request.classes, model, takesNone: true)
      try Self.requireOne(classes, model)
      plan = try SamplingPlan(inverting: request, model, count: frames, classes: classes.map { [$0[0]] })
      self.ends = .pictures(given.pictures)
    case .seeds(let first, let last):
      var request = request
      request.seed = first
      request.count = frames
      request.sampler = DDIM.info.name
      plan = try SamplingPlan(request, model)
      try Self.requireOne(plan.classes, model)
      plan.classes = plan.label(of: 0).map { [$0] }
      self.ends = .seeds(first, last)
    }
  }

  /// Sets the noise of all images: the ends' own, and spherical interpolations between them.
  public mutating func findNoise(onStep: (_ count: Int, _ step: Int) throws -> Void) rethrows {
    let (a, b): (Tensor, Tensor)
    switch ends {
    case .pictures(let pictures):
      let z = try Inversion(plan).encode(pictures, onStep: onStep)
      (a, b) = (z.rows(0..<1), z.rows(1..<2))
    case .seeds(let first, let last): (a, b) = (noise(first), noise(last))
    }
    let last = Double(plan.indices.count - 1)
    plan.noise = Tensor.stacked((0..<plan.indices.count).map { slerp(a, b, Double($0) / last) })
  }

  /// x_T of image 0 under a seed.
  private func noise(_ seed: UInt64) -> Tensor {
    var noise = PhiloxNoise(seed: seed, images: [0], shape: plan.imageShape)
    return noise.next()
  }

  private static func requireOne(_ classes: [Int]?, _ model: DiffusionModel) throws(SamplingError) {
    guard let classes, let first = classes.first, let other = classes.first(where: { $0 != first }) else { return }
    throw .twoClasses(model.specification.name(ofClass: first), model.specification.name(ofClass: other))
  }
}
