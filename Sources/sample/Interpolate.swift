import DiffusionCommandLine
import DiffusionCore
import DiffusionModels
import DiffusionTerminal
import DiffusionText
import TensorCore

/// Draws what lies between two pictures, or the first images of two seeds: from noises on the arc between theirs.
///
/// - Throws: what is wrong with model, pictures or options, before anything is drawn; `ImageError`, `Interrupted`.
func interpolate(_ options: Options, _ ends: InterpolationEnds) throws {
  let start = ContinuousClock.now
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let model = try Model(options)
  var interpolation = try Interpolation(options, ends, model)
  var destination = try Destination(interpolation.plan)
  if options.model != nil && !options.quiet { introduce(model) }

  let plan = interpolation.plan
  let images = plan.numbers.count + interpolation.encodedCount
  try withProgress(options, images: images, steps: plan.diffusion.count) { advance in
    try interpolation.findNoise(onStep: advance)
    try destination.open()
    try draw(interpolation.plan, onStep: advance) { try destination.add($0, time: $1) }
    try destination.finish()
  }
  if !options.quiet {
    writeError(
      "\(destination.name): \(plan.numbers.count) images, \(plan.diffusion.count) DDIM steps, \(decimal((ContinuousClock.now - start).seconds, 2)) s\n"
    )
  }
}

/// The images between two ends, whose noise is still to be found.
struct Interpolation {
  /// What draws them, once their noise is known.
  private(set) var plan: Plan
  private let ends: Ends

  private enum Ends {
    /// `[2, C, H, W]`.
    case pictures(Tensor)
    case seeds(SeedPair)
  }

  /// How many pictures must be encoded.
  var encodedCount: Int {
    if case .pictures = ends { 2 } else { 0 }
  }

  /// - Throws: `SettingsError`, `UsageError`, `ImageError`.
  init(_ options: Options, _ ends: InterpolationEnds, _ model: Model) throws {
    let frames = options.inversion.frames
    let origin = NoiseOrigin.interpolation(ends, frames: frames)
    switch ends {
    case .pictures(let a, let b):
      let given = try InputImages([a, b], for: model)
      if let many = given.names.first(where: { $0.count > 1 }) {
        throw SettingsError(
          "\(many.file): holds \(many.count) pictures, but an end of an interpolation is one; give a file with that one"
        )
      }
      let classes = try given.classes(options.classes, model, takesNone: true)
      try Self.requireOne(classes, model)
      plan = try Plan(options, model, count: frames, classes: classes.map { [$0[0]] }, origin: origin)
      self.ends = .pictures(given.pictures)
    case .seeds(let seeds):
      var options = options
      options.seed = seeds.first
      plan = try Plan(options, model)
      try Self.requireOne(plan.classes, model)
      plan.classes = plan.label(of: 0).map { [$0] }
      plan.origin = origin
      self.ends = .seeds(seeds)
    }
  }

  /// Finds the noise of all images: at the ends that of pictures or seeds, between them on the arc.
  mutating func findNoise(onStep: (_ count: Int, _ step: Int) throws -> Void) rethrows {
    let (a, b): (Tensor, Tensor)
    switch ends {
    case .pictures(let pictures):
      let z = try Inversion(plan).encode(pictures, onStep: onStep)
      (a, b) = (z.rows(0..<1), z.rows(1..<2))
    case .seeds(let seeds): (a, b) = (noise(seeds.first), noise(seeds.last))
    }
    let last = Double(plan.numbers.count - 1)
    plan.noise = Tensor.stacked((0..<plan.numbers.count).map { slerp(a, b, Double($0) / last) })
  }

  /// What image 0 of a seed is drawn from.
  private func noise(_ seed: UInt64) -> Tensor {
    var noise = PhiloxNoise(seed: seed, images: [0], shape: plan.imageShape)
    return noise.next()
  }

  private static func requireOne(_ classes: [Int]?, _ model: Model) throws {
    guard let classes, let first = classes.first, let other = classes.first(where: { $0 != first }) else { return }
    let (a, b) = (model.settings.name(ofClass: first), model.settings.name(ofClass: other))
    throw SettingsError(
      "--class: what lies between is drawn as one class, but \(a) and \(b) are given; type one of them after --class")
  }
}
