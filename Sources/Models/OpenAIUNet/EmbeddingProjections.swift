import DiffusionCore
import Synchronization
import TensorCore

/// What the blocks of a UNet make of the embeddings of some timesteps and classes: all of a forward pass that does not depend
/// on the picture.
public struct EmbeddingProjections: Sendable {
  /// For each block in order, for each of its residual blocks, `[N, …]`.
  let blocks: [[Tensor]]

  /// The projections of the entries `rows`, in that order, with repetitions.
  func rows(_ rows: [Int]) -> EmbeddingProjections {
    EmbeddingProjections(
      blocks: blocks.map { $0.map { block in Tensor.stacked(rows.map { block.rows($0..<$0 + 1) }) } })
  }
}

/// A UNet on its way through the steps of a sampler. The embeddings of many steps are projected at once, ahead of them: one by
/// one, every step would read all the weights for a product with a few rows.
public final class PreparedUNet: DenoisingNetwork {
  private let unet: UNetModel
  /// In the order in which they are used.
  private let steps: [Float]
  private let ahead = Mutex(Ahead())

  /// What has been projected.
  private struct Ahead {
    var projections: EmbeddingProjections?
    /// The row of the projections for each timestep and class (0 for a model without).
    var rows: [Key: Int] = [:]
  }

  private struct Key: Hashable {
    let timestep: Float
    let label: Int
  }

  /// About how many projections are held: enough for the usual runs in one go, in a few megabytes.
  private static let mostRows = 64

  /// `unet`, for a sampler that will use the timesteps `steps`, in that order.
  public init(_ unet: UNetModel, steps: [Float]) {
    self.unet = unet
    self.steps = steps
  }

  /// As `UNetModel` does it: the same results, whatever the steps.
  public func callAsFunction(_ x: Tensor, _ inputs: NetworkInputs) -> Tensor {
    unet(unet.joined(x, inputs), projections(inputs.conditioning, labels: unet.rows(of: inputs.labels)))
  }

  /// See `DenoisingNetwork`.
  public func prepared(for conditioning: [Float]) -> any DenoisingNetwork { unet.prepared(for: conditioning) }

  /// See `DenoisingNetwork`.
  public func countFlops(batch: Int, size: [Int]) -> Flops { unet.countFlops(batch: batch, size: size) }

  /// See `DenoisingNetwork`.
  public var sizeMultiple: Int { unet.sizeMultiple }

  /// See `DenoisingNetwork`.
  public func activationBytes(size: [Int]) -> Int { unet.activationBytes(size: size) }

  /// The projections for these timesteps and classes, out of those that have been made, or made now.
  private func projections(_ timesteps: [Float], labels: [Int]?) -> EmbeddingProjections {
    let keys = timesteps.enumerated().map { Key(timestep: $0.element, label: labels?[$0.offset] ?? 0) }
    return ahead.withLock { ahead in
      if let made = ahead.projections, keys.allSatisfy({ ahead.rows[$0] != nil }) {
        return made.rows(keys.compactMap { ahead.rows[$0] })
      }
      let (made, rows) = project(keys, hasLabels: labels != nil)
      (ahead.projections, ahead.rows) = (made, rows)
      return made.rows(keys.compactMap { rows[$0] })
    }
  }

  /// Projects the embeddings for `keys`, and for the same classes in the steps to come.
  private func project(_ keys: [Key], hasLabels: Bool) -> (EmbeddingProjections, rows: [Key: Int]) {
    var wanted: [Key] = []
    var seen: Set<Key> = []
    for key in keys where seen.insert(key).inserted { wanted.append(key) }
    let labels = Set(keys.map(\.label)).sorted()
    if let first = steps.firstIndex(where: { step in keys.contains { $0.timestep == step } }) {
      for step in steps[first...] where wanted.count + labels.count <= Self.mostRows {
        for label in labels {
          let key = Key(timestep: step, label: label)
          if seen.insert(key).inserted { wanted.append(key) }
        }
      }
    }
    let rows = Dictionary(uniqueKeysWithValues: wanted.enumerated().map { ($0.element, $0.offset) })
    return (unet.project(timesteps: wanted.map(\.timestep), labels: hasLabels ? wanted.map(\.label) : nil), rows)
  }
}
