import Synchronization

/// The name of a tensor in recordings; never used twice.
public struct TensorName: Hashable, Sendable {
  let number: Int
}

/// What an operation did, with what is needed to go back.
public enum Operation: Sendable {
  /// A layer applied to an input, an activation being added to the result.
  case convolution(Convolution, FusedInput, residual: TensorName?)
  /// The same.
  case linear(Linear, FusedInput, residual: TensorName?)
  /// `FusedInput.tensor()`.
  case writtenOut(FusedInput)
  /// `attention` of queries, keys and values.
  case attention(Tensor, heads: Int, order: QKVOrder)
  /// SiLU of a tensor.
  case silu(Tensor)
  /// The sum of two tensors, neither of which is needed.
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
  /// `Dropout` of a tensor, with what each element was multiplied by.
  case dropout(TensorName?, mask: DropoutMask)
  /// `checkpoint`: what has to be done again.
  case checkpoint(@Sendable () -> Tensor)
}

/// The operations that led from watched tensors and variables to a result, in the order in which they were done.
///
/// Operations note down what they did where a recording is current and something they read is watched, is the result of a
/// recorded operation, or comes from a variable. Nothing here goes back: `Autograd` does.
public final class GradientTape: @unchecked Sendable {
  /// What operations report to; nil, as usual, for nothing.
  @TaskLocal public static var current: GradientTape?

  /// How many recordings there are: while there is none, which is the case of sampling, operations need not look for one.
  private static let count = Atomic<Int>(0)

  /// What operations report to, found quickly where there is nothing.
  static var ifAny: GradientTape? { count.load(ordering: .relaxed) == 0 ? nil : current }

  /// An operation and the name of what it put out.
  public struct Entry: Sendable {
    /// What was done.
    public let operation: Operation
    /// What it put out.
    public let output: TensorName
  }

  /// Whoever goes back takes them out, last first: so what an operation has kept can be let go.
  public var entries: [Entry] = []

  /// Nothing yet.
  public init() { Self.count.wrappingAdd(1, ordering: .relaxed) }

  deinit { Self.count.wrappingSubtract(1, ordering: .relaxed) }

  private static let names = Atomic<Int>(0)

  /// A name that no tensor has.
  static func newName() -> TensorName {
    TensorName(number: names.wrappingAdd(1, ordering: .relaxed).newValue)
  }
}

extension Tensor {
  /// What recordings call the tensor; nil where it is constant, as far as they know.
  public var recordedName: TensorName? {
    storage.recordedAs == 0 ? nil : TensorName(number: storage.recordedAs)
  }

  /// The same elements as a tensor that recordings watch: there will be a gradient with respect to it.
  public func watched() -> Tensor {
    let copy = copied()
    copy.storage.recordedAs = GradientTape.newName().number
    return copy
  }

  /// Notes down what led to the tensor, if somebody wants to know and if a gradient may come of it.
  func recorded(
    _ isDifferentiable: @autoclosure () -> Bool, as operation: @autoclosure () -> Operation
  ) -> Tensor {
    guard let recording = GradientTape.ifAny, isDifferentiable() else { return self }
    let name = GradientTape.newName()
    storage.recordedAs = name.number
    recording.entries.append(.init(operation: operation(), output: name))
    return self
  }
}

extension FusedInput {
  /// Whether something in it has, or leads to, a gradient.
  package var isRecorded: Bool {
    parts.contains { $0.recordedName != nil } || normalization?.source?.isTrained ?? false
  }
}
