import DiffusionCheckpoints
import DiffusionCore
import DiffusionPlatform

/// What lies beside a network in its file: the tables of its process.
struct LucidrainsBuffers: Sendable {
  /// β of each timestep, as stored in float32; nil if the network was saved alone.
  let betas: [Double]?
  /// The weight of each timestep's loss, which shows what is predicted; nil before 1.5.0.
  private let lossWeight: [Double]?
  /// Whether there are those of releases from 0.18.4 to 1.4, which do not.
  let hasP2Weights: Bool
  /// What precedes the network's names.
  let prefix: String

  var hasLossWeights: Bool { lossWeight != nil }

  /// Reads the tables beside the network in `state`.
  ///
  /// - Throws: `ModelError.unusable` if its betas cannot be read.
  init(_ state: StateDict, name: String) throws(ModelError) {
    prefix = state.origin.prefix
    if state.neighbourNames.contains("betas"), state.neighbour("betas") == nil {
      throw .unusable(reason: "\(name): its betas are no list that can be read; save the network's state_dict() alone")
    }
    betas = state.neighbour("betas")?.values.map(Double.init)
    lossWeight = state.neighbour("loss_weight")?.values.map(Double.init)
    hasP2Weights = state.neighbourNames.contains("p2_loss_weight")
  }

  /// Describes the process as far as the tables show it.
  func describe(_ description: inout ModelDescription, learnsVariance: Bool) {
    guard let betas else { return }
    description.diffusionSteps = betas.count
    if let schedule = BetaSchedule.allCases.first(where: { isOf($0, betas) }) {
      description.noiseSchedule = schedule.rawValue
    } else {
      description.trainedBetas = betas
    }
    // With a variance ε is predicted, whatever the weights.
    description.prediction = learnsVariance ? "epsilon" : prediction(betas)
  }

  /// Whether β are those of `schedule` as the code base computes and rounds them.
  private func isOf(_ schedule: BetaSchedule, _ betas: [Double]) -> Bool {
    guard ProcessSpecification.stepsAllowed.contains(betas.count) else { return false }
    let expected = schedule == .sigmoid ? Self.sigmoid(betas.count) : schedule.betas(steps: betas.count)
    return zip(betas, expected).allSatisfy { abs($0 - $1) <= 0x1p-22 * $1 + 1e-12 }
  }

  /// The sigmoid schedule with the constants σ(±3) in float32, as the code base has them: of ᾱ near 0 they change the
  /// fifth digit.
  private static func sigmoid(_ steps: Int) -> [Double] {
    func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let (start, end) = (Double(Float(logistic(-3))), Double(Float(logistic(3))))
    let alphas = (0...steps).map { (end - logistic(6 * Double($0) / Double(steps) - 3)) / (end - start) }
    return zip(alphas, alphas.dropFirst()).map { min(max(1 - $1 / $0, 0), 0.999) }
  }

  /// What is predicted, by the weight of the last timestep, and of that whose signal and noise are alike: 1 everywhere
  /// for ε, the signal-to-noise ratio r for x₀, r / (r + 1) for v, all of them perhaps limited where r is large.
  private func prediction(_ betas: [Double]) -> String? {
    guard let lossWeight, lossWeight.count == betas.count, let last = lossWeight.last else { return nil }
    if abs(last - 1) < 1e-3 { return "epsilon" }
    let ratios = cumulativeProducts(betas).map { $0 / (1 - $0) }
    guard let alike = ratios.indices.min(by: { abs(ratios[$0] - 1) < abs(ratios[$1] - 1) }) else { return nil }
    let (found, ratio) = (lossWeight[alike], ratios[alike])
    if abs(found - ratio / (ratio + 1)) < 0.05 * found { return "v" }
    return abs(found - ratio) < 0.05 * found ? "sample" : nil
  }
}
