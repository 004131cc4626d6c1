import DiffusionCore
import DiffusionModels
import TensorCore

/// The loss of a flow, conditional flow matching (Lipman et al. 2023, "Flow Matching", eq. 23 with σmin 0; torchcfm's
/// `ConditionalFlowMatcher`): the mean square of F(x_t, t) - (x₀ - ε) for x_t = t·x₀ + (1 - t)·ε and t uniform in
/// [0, 1).
public struct FlowLoss: TrainingLoss {
  /// The network, with variables as parameters.
  public let network: any DenoisingNetwork
  /// See `TrainingLoss`.
  public let takesLabels: Bool

  /// Creates the loss of `network`.
  ///
  /// - Parameters:
  ///   - network: the network to train.
  ///   - takesLabels: whether the network is class-conditional.
  public init(network: any DenoisingNetwork, takesLabels: Bool) {
    (self.network, self.takesLabels) = (network, takesLabels)
  }

  /// See `TrainingLoss`. There are no other terms.
  @discardableResult
  public func addGradients(of batch: TrainingBatch, count: Int) -> ExampleLosses {
    let times = batch.uniforms
    precondition(times.count == batch.steps.count, "\(times.count) times for \(batch.steps.count) images")
    let x = batch.xStart.scalingPictures(times) + batch.noise.scalingPictures(times.map { 1 - $0 })
    let tape = GradientTape()
    let output = GradientTape.$current.withValue(tape) {
      network(x, NetworkInputs(conditioning: times, labels: batch.labels))
    }
    let difference = output.zip(batch.xStart.zip(batch.noise) { $0 - $1 }) { $0 - $1 }
    let elements = difference.count / times.count
    let losses = times.indices.map { n in Float(difference.rows(n..<n + 1).sumOfSquares / Double(elements)) }
    let factors = batch.shares(of: count).map { 2 * $0 / Float(elements) }
    _ = tape.backward(from: output, difference.scalingPictures(factors))
    return ExampleLosses(loss: losses, terms: [])
  }
}
