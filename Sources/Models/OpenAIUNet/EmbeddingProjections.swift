import DiffusionCore
import Synchronization
import TensorCore

/// The timestep and class embeddings, projected for the blocks of a UNet: all of a forward pass that does not depend on
/// the image.
public struct EmbeddingProjections: Sendable {
  /// For each block in order, one tensor `[N, …]` for each of its residual blocks.
  let blocks: [[Tensor]]

  /// The projections with the indices `rows`, in that order; indices may repeat.
  func rows(_ rows: [Int]) -> EmbeddingProjections {
    EmbeddingProjections(blocks: blocks.map { $0.map { $0.gatheringRows(rows) } })
  }
}

/// A UNet prepared for the steps of a sampler. It projects the embeddings of many steps at once, ahead of time: one by
/// one, every step would read all the weights to multiply a few rows.
public final class PreparedUNet: DenoisingNetwork {
  private let unet: UNetModel
  /// The timesteps in order of use.
  private let steps: [Float]
  private let ahead = Mutex(Ahead())

  /// The projections computed so far.
  private struct Ahead {
    var projections: EmbeddingProjections?
    /// The row for each timestep and class label (0 for an unconditional model).
    var rows: [Key: Int] = [:]
  }

  private struct Key: Hashable {
    let timestep: Float
    let label: Int
  }

  /// The approximate number of projections held: enough for typical runs at once, in a few megabytes.
  private static let mostRows = 64

  /// Prepares `unet` for a sampler that will visit the timesteps `steps`, in that order.
  public init(_ unet: UNetModel, steps: [Float]) {
    self.unet = unet
    self.steps = steps
  }

  /// Returns the same results as `UNetModel`, for any steps.
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

  /// The projections for these timesteps and labels, computed now if they were not before.
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

  /// Projects the embeddings for `keys`, and for the same labels in the steps to come.
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
