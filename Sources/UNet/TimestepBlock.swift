import TensorCore

/// A part of the network that maps an activation to an activation.
public protocol Layer: Sendable {
  /// `[N, spatial…, C]` → `[N, spatial'…, C']`, channels last.
  func callAsFunction(_ x: Tensor) -> Tensor

  /// The multiply-adds for one picture of spatial size `size`, which becomes the size of the output.
  func countFlops(_ size: inout [Int]) -> Flops
}

/// A part of the network that takes the timestep embedding as a second argument.
public protocol TimestepBlock: Sendable {
  /// `x`, `[N, spatial…, C]`, and `emb`, `[N, timeEmbedDim]` → `[N, spatial'…, C']`, channels last.
  func callAsFunction(_ x: LayerInput, _ emb: Tensor) -> Tensor

  /// The multiply-adds for one picture of spatial size `size`, which becomes the size of the output.
  func countFlops(_ size: inout [Int]) -> Flops
}
