import DiffusionCore
import DiffusionModels
import TensorCore

/// The loss of consistency tuning (Geng et al. 2025, "Consistency Models Made Easy"): w(t)·d(f(x_t, t), f(x_r, r)) for
/// the same image and noise at two levels r < t, where the gradient stops at f(x_r, r), and f(x_0, 0) = x₀. The
/// distance is Pseudo-Huber's, √(‖·‖² + c²) - c with c = 0.00054·√D for D elements (Song & Dhariwal 2024, "Improved
/// Techniques for Training Consistency Models", §3.3).
public struct ConsistencyLoss: TrainingLoss {
  /// The network, with variables as parameters.
  public let network: any DenoisingNetwork
  /// See `TrainingLoss`.
  public let takesLabels: Bool
  /// The process, whose x̂₀ is f.
  public let diffusion: ContinuousDiffusion
  /// The levels that are compared.
  public let schedule: ConsistencySchedule

  /// Creates the loss of `network`.
  ///
  /// - Parameters:
  ///   - network: the network to train.
  ///   - takesLabels: whether the network is class-conditional.
  ///   - diffusion: the process of a consistency model.
  ///   - stageSteps: the steps of a stage of the schedule.
  public init(
    network: any DenoisingNetwork, takesLabels: Bool, diffusion: ContinuousDiffusion, stageSteps: Int
  ) {
    (self.network, self.takesLabels, self.diffusion) = (network, takesLabels, diffusion)
    schedule = ConsistencySchedule(stageSteps: stageSteps, range: diffusion.sigmaMin...diffusion.sigmaMax)
  }

  /// See `TrainingLoss`. There are no other terms.
  @discardableResult
  public func addGradients(of batch: TrainingBatch, count: Int) -> ExampleLosses {
    precondition(batch.uniforms.count == batch.steps.count, "every image needs a uniform number for its noise level")
    let levels = batch.uniforms.map { diffusion.level(schedule.level(Double($0))) }
    let targets = levels.map { schedule.target(of: $0.sigma, step: batch.trainingStep) }
    // Draws of dropout depend on the image alone, so that both passes have the same.
    let target = targets.contains { $0 > 0 } ? images(batch, at: targets) : batch.xStart
    let tape = GradientTape()
    let x = noisy(batch, levels)
    let output = GradientTape.$current.withValue(tape) { evaluate(x, levels, batch) }
    let channels = x.shape[1]
    let difference = xStart(output.channels(0..<channels), x, levels).zip(target) { $0 - $1 }
    let elements = difference.count / levels.count
    let softening = 0.00054 * Double(elements).squareRoot()
    var losses: [Float] = []
    var factors: [Float] = []
    for (n, share) in batch.shares(of: count).enumerated() {
      let factor = diffusion.parameterization.coefficients(at: levels[n]).ofOutput
      let weight = schedule.weight(levels[n].sigma, factor: factor)
      let distance = (difference.rows(n..<n + 1).sumOfSquares + softening * softening).squareRoot()
      losses.append(Float(weight * (distance - softening)))
      factors.append(Float(weight / distance * factor) * share)
    }
    _ = tape.backward(
      from: output, difference.scalingPictures(factors).paddedChannels(to: output.shape[1]))
    return ExampleLosses(loss: losses, terms: [])
  }

  /// f(x_r, r) of each image; x₀ where r is 0.
  private func images(_ batch: TrainingBatch, at sigmas: [Double]) -> Tensor {
    let levels = sigmas.map { diffusion.level(max($0, schedule.range.lowerBound)) }
    let x = noisy(batch, levels)
    let found = xStart(evaluate(x, levels, batch).channels(0..<x.shape[1]), x, levels)
    return Tensor.stacked(
      sigmas.indices.map { n in (sigmas[n] > 0 ? found : batch.xStart).rows(n..<n + 1) })
  }

  /// x₀ + σ·ε.
  private func noisy(_ batch: TrainingBatch, _ levels: [NoiseLevel]) -> Tensor {
    batch.xStart + batch.noise.scalingPictures(levels.map { Float($0.sigma) })
  }

  /// The network's output for images of noise levels of their own.
  private func evaluate(_ x: Tensor, _ levels: [NoiseLevel], _ batch: TrainingBatch) -> Tensor {
    network(
      x.scalingPictures(levels.map(\.inputScale)),
      NetworkInputs(conditioning: levels.map(\.conditioning), labels: batch.labels))
  }

  /// x̂₀ by the parameterization.
  private func xStart(_ output: Tensor, _ x: Tensor, _ levels: [NoiseLevel]) -> Tensor {
    let factors = levels.map { diffusion.parameterization.coefficients(at: $0) }
    return x.scalingPictures(factors.map { Float($0.ofX) })
      + output.scalingPictures(factors.map { Float($0.ofOutput) })
  }
}

extension Tensor {
  /// `[N, C, …]` → `[N, count, …]`, with zeros in the channels behind the last.
  fileprivate func paddedChannels(to count: Int) -> Tensor {
    let (channels, size) = (shape[1], self.count / max(1, shape[0] * shape[1]))
    if channels == count { return self }
    return withUnsafePointer { source in
      Tensor([shape[0], count] + shape.dropFirst(2)) { out in
        out.update(repeating: 0, count: shape[0] * count * size)
        for n in 0..<shape[0] {
          (out + n * count * size).update(from: source + n * channels * size, count: channels * size)
        }
      }
    }
  }
}
