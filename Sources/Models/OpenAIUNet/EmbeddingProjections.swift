import DiffusionCore
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
public struct SteppedUNet: Sendable {
  private let unet: UNetModel
  /// In the order in which they are used.
  private let steps: [Float]
  private var projections: EmbeddingProjections?
  /// The row of the projections for each timestep and class (0 for a model without).
  private var rows: [Key: Int] = [:]

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
  public mutating func callAsFunction(_ x: Tensor, timesteps: [Float], labels: [Int]? = nil) -> Tensor {
    let keys = timesteps.enumerated().map { Key(timestep: $0.element, label: labels?[$0.offset] ?? 0) }
    if !keys.allSatisfy({ rows[$0] != nil }) { prepare(keys, hasLabels: labels != nil) }
    guard let projections else { return unet(x, timesteps: timesteps, labels: labels) }
    return unet(x, projections.rows(keys.compactMap { rows[$0] }))
  }

  /// Projects the embeddings for `keys`, and for the same classes in the steps to come.
  private mutating func prepare(_ keys: [Key], hasLabels: Bool) {
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
    rows = Dictionary(uniqueKeysWithValues: wanted.enumerated().map { ($0.element, $0.offset) })
    projections = unet.project(timesteps: wanted.map(\.timestep), labels: hasLabels ? wanted.map(\.label) : nil)
  }
}
