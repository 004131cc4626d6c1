/// A table of vectors, looked up by number (`nn.Embedding`).
public struct Embedding: Sendable {
  /// The number of vectors.
  public let count: Int
  private let table: Lazy<Tensor>
  private let variable: Variable?

  /// A table of `weight`, `[K, D]`.
  public init(weight: Parameter) {
    precondition(weight.shape.count == 2, "an embedding cannot have a weight of shape \(weight.shape)")
    count = weight.shape[0]
    table = Lazy(of: weight) { weight.tensor() }
    variable = weight.variable
  }

  /// Looks up the vectors `rows`: `[N]` numbers below `count` → `[N, D]`.
  public func callAsFunction(_ rows: [Int]) -> Tensor {
    let output = table.value.gatheringRows(rows)
    guard let variable, !variable.isFrozen else { return output }
    return output.recorded(true, as: .embedding(variable, rows: rows))
  }
}
