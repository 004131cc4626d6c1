import Synchronization

/// The name of a tensor on tapes; never reused.
struct TensorName: Hashable, Sendable {
  let number: Int
}

/// An operation, with what its backward pass needs.
enum Operation: Sendable {
  /// A convolution of an input, plus a residual.
  case convolution(Convolution, FusedInput, residual: TensorName?)
  /// A linear layer of an input, plus a residual.
  case linear(Linear, FusedInput, residual: TensorName?)
  /// `FusedInput.tensor()`.
  case materialized(FusedInput)
  /// `attention` of queries, keys and values.
  case attention(Tensor, heads: Int, order: QKVOrder, scale: AttentionScale)
  /// SiLU of a tensor.
  case silu(Tensor)
  /// The sum of two tensors, whose elements are not needed.
  case sum(TensorName?, TensorName?)
  /// `addingToChannels`: the activation, and the offsets, `[N, C]`.
  case sumOfChannels(TensorName?, TensorName?)
  /// `averagePooled` of an activation of the given shape.
  case averagePooling(TensorName?, shape: [Int])
  /// Rows of a table.
  case embedding(Variable, rows: [Int])
  /// `channelsLast()` of pictures.
  case channelsLast(TensorName?)
  /// `channelsFirst()` of an activation.
  case channelsFirst(TensorName?)
  /// `withMeanInFront` of an activation of the given shape, plus the embeddings of positions.
  case poolingTokens(TensorName?, shape: [Int], positions: Variable?)
  /// `firstPositions` of an activation of the given shape.
  case firstPositions(TensorName?, shape: [Int])
  /// `Dropout` of a tensor, with the mask that was applied.
  case dropout(TensorName?, mask: DropoutMask)
  /// `checkpoint`, with the block to recompute.
  case checkpoint(@Sendable () -> Tensor)
}

/// The operations that led from watched tensors and variables to a result, in order of execution.
///
/// Operations record themselves if there is a current tape and one of their inputs is watched, comes from a variable,
/// or is the result of a recorded operation. `backward` propagates gradients back through the tape.
public final class GradientTape: @unchecked Sendable {
  /// The tape that operations record themselves on; usually nil.
  @TaskLocal public static var current: GradientTape?

  /// The number of tapes: while there are none, as in sampling, operations do not look up the task local.
  private static let count = Atomic<Int>(0)

  /// The current tape; fast if there is none.
  static var ifAny: GradientTape? { count.load(ordering: .relaxed) == 0 ? nil : current }

  /// An operation and the name of its output.
  struct Entry: Sendable {
    /// The operation.
    let operation: Operation
    /// The name of its output.
    let output: TensorName
  }

  /// The backward pass removes entries, last first, to release what they hold.
  var entries: [Entry] = []

  /// An empty tape.
  public init() { Self.count.wrappingAdd(1, ordering: .relaxed) }

  deinit { Self.count.wrappingSubtract(1, ordering: .relaxed) }

  private static let names = Atomic<Int>(0)

  /// A new name.
  static func newName() -> TensorName {
    TensorName(number: names.wrappingAdd(1, ordering: .relaxed).newValue)
  }
}

extension Tensor {
  /// The tensor's name on tapes; nil if it is a constant to them.
  var recordedName: TensorName? {
    storage.recordedAs == 0 ? nil : TensorName(number: storage.recordedAs)
  }

  /// A copy that tapes watch, so that backward passes compute a gradient with respect to it.
  public func watched() -> Tensor {
    let copy = copied()
    copy.storage.recordedAs = GradientTape.newName().number
    return copy
  }

  /// Records the operation that produced the tensor, if there is a current tape and the operation may have gradients.
  func recorded(
    _ isDifferentiable: @autoclosure () -> Bool, as operation: @autoclosure () -> Operation
  ) -> Tensor {
    guard let tape = GradientTape.ifAny, isDifferentiable() else { return self }
    let name = GradientTape.newName()
    storage.recordedAs = name.number
    tape.entries.append(.init(operation: operation(), output: name))
    return self
  }
}

extension FusedInput {
  /// Whether any of its components has a gradient or leads to one.
  var isRecorded: Bool {
    parts.contains { $0.recordedName != nil } || normalization?.source?.isTrained ?? false
  }
}
