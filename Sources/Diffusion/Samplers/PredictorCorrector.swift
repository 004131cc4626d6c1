import DiffusionPlatform
import TensorCore

/// Langevin steps at a noise level, which correct what the steps between levels got wrong (Song et al. 2021,
/// "Score-Based Generative Modeling through SDEs", algorithm 4).
public struct Langevin: Sendable, Hashable, Codable {
  /// r, the signal-to-noise ratio that sets their size.
  public var ratio = 0.15
  /// How many there are at each level, at least 0.
  public var steps = 1
  /// Whether they are scaled by means over the batch, as in the original, rather than for each image.
  public var pools = false

  /// One step with a ratio of 0.15, as the original's for most models.
  public init() {}
}

/// Samples a variance exploding process (Song et al. 2021, algorithms 2 and 4): Langevin steps at each level, then one
/// step of the reversed diffusion, whose last adds no noise.
public struct PredictorCorrector: Sampler {
  private let langevin: Langevin

  /// - Parameter langevin: the corrector's steps.
  public init(_ langevin: Langevin = Langevin()) { self.langevin = langevin }

  /// One for each step of the corrector, and one for the predictor.
  public var drawsPerStep: Int { langevin.steps + 1 }

  /// Corrects, then predicts.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    guard let process = context.process as? ContinuousProcess else {
      preconditionFailure("the sampler needs a continuous process, not a \(type(of: context.process))")
    }
    var x = x
    for _ in 0..<langevin.steps {
      let score = score(x, i, context, process).score
      let drawn = noise()
      let ratios = zip(norms(drawn), norms(score)).map { $0 / $1 }
      x = Tensor.stacked(
        ratios.indices.map { n in
          let step = 2 * pow(langevin.ratio * ratios[n], 2)
          return sum(
            (1, x.rows(n..<n + 1)), (step, score.rows(n..<n + 1)), ((2 * step).squareRoot(), drawn.rows(n..<n + 1)))
        })
    }
    let (score, predXStart) = score(x, i, context, process)
    let (from, to) = levels(process, i)
    let variance = (from * from - to * to) * pow(process.level(i).sigma / process.sigmas[i], 2)
    let mean = sum((1, x), (variance, score))
    guard i > 0 else { return (mean, predXStart) }
    return (sum((1, mean), (variance.squareRoot(), noise())), predXStart)
  }

  /// ∇ log p(x) at step `i`, and x̂₀.
  private func score(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, _ process: ContinuousProcess
  ) -> (score: Tensor, predXStart: Tensor) {
    let output = process.prediction(in: process.output(of: context.model, x, step: i), for: x)
    let predXStart = process.xStart(from: output, x, step: i, context.clipping)
    // x spans -1 to 1, twice the range that the network knows, so that its score is half the network's. From x̂₀ little
    // of it would be left near the end, where x̂₀ is close to x.
    if context.clipping == .none { return (output.map { $0 / 2 }, predXStart) }
    let factor = 1 / (process.level(i).sigma * process.level(i).sigma)
    return (sum((factor, predXStart), (-factor, x)), predXStart)
  }

  /// The levels between which the prediction of step `i` steps: the original's, or those of `--sigmas`.
  private func levels(_ process: ContinuousProcess, _ i: Int) -> (from: Double, to: Double) {
    let step = process.count - 1 - i
    if process.sigmas[i] == process.diffusion.veSigma(step, of: process.count) {
      return process.diffusion.predictorSigmas(step, of: process.count)
    }
    return (process.sigmas[i], i > 0 ? process.sigmas[i - 1] : 0)
  }

  /// The Euclidean norm of each image, or of their mean for all.
  private func norms(_ images: Tensor) -> [Double] {
    let norms = (0..<images.shape[0]).map { n in
      images.rows(n..<n + 1).values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    return langevin.pools ? norms.map { _ in norms.reduce(0, +) / Double(norms.count) } : norms
  }
}

extension PredictorCorrector {
  /// The entry in the table of samplers.
  public static let info = SamplerInfo(
    name: "pc", title: "predictor-corrector",
    summary: "score models: Langevin steps and a step of the reversed diffusion at each level (Song et al. 2021)",
    defaultSteps: 2000, defaultSpacing: nil, spacingStyle: .continuous,
    modelEvaluations: { process, steps, _ in
      steps * (1 + ((process as? ContinuousProcess)?.diffusion.langevin.steps ?? 1))
    },
    isDefined: { ($0 as? ContinuousProcess)?.diffusion.form == .ve }
  ) { PredictorCorrector($0.langevin) }
}
