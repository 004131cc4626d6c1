import TensorCore

/// A part of the network that maps an activation to an activation.
public protocol Layer: Sendable {
  /// `[N, spatial…, C]` → `[N, spatial'…, C']`, channels last.
  func callAsFunction(_ x: Tensor) -> Tensor

  /// The multiply-adds for one picture of spatial size `size`, which is updated to the size of the output.
  func countFlops(_ size: inout [Int]) -> Flops
}

/// A part of the network that takes the timestep embedding as a second argument.
public protocol TimestepBlock: Sendable {
  /// The block's projection of timestep embeddings, independent of the picture: `[N, timeEmbedDim]` → `[N, …]`.
  func project(_ emb: Tensor) -> Tensor

  /// `x`, `[N, spatial…, C]`, and the result of `project`, `[N, …]` → `[N, spatial'…, C']`, channels last.
  func callAsFunction(_ x: FusedInput, _ projection: Tensor) -> Tensor

  /// The multiply-adds for one picture of spatial size `size`, which is updated to the size of the output.
  func countFlops(_ size: inout [Int]) -> Flops
}
