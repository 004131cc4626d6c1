import Synchronization

/// A parameter of a layer. Its shape is known at once; its elements are read when the layer first needs them, so that a
/// network can be built and inspected without reading gigabytes of checkpoint.
public struct Parameter: Sendable {
  /// The shape in PyTorch's layout, for instance `[O, I, 3, 3]`.
  public let shape: [Int]
  /// The variable that it is read from if gradients are needed; nil for sampling.
  public let variable: Variable?
  private let read: @Sendable () -> Tensor

  /// A parameter of `shape` whose elements `read` returns.
  public init(_ shape: [Int], reading read: @escaping @Sendable () -> Tensor) {
    self.shape = shape
    self.read = read
    variable = nil
  }

  /// A parameter that is already in memory.
  public init(_ tensor: Tensor) {
    shape = tensor.shape
    read = { tensor }
    variable = nil
  }

  /// A parameter that takes the value `variable` has whenever it is read.
  public init(_ variable: Variable) {
    shape = variable.shape
    read = { variable.value }
    self.variable = variable
  }

  /// Whether it may change and gets a gradient.
  var isTrained: Bool { variable.map { !$0.isFrozen } ?? false }

  /// Reads the elements.
  public func tensor() -> Tensor {
    let tensor = read()
    precondition(tensor.shape == shape, "a parameter of shape \(shape) was read as \(tensor.shape)")
    return tensor
  }
}

/// A value that a layer computes from its parameters, such as packed weights: computed on first use, on the thread that
/// uses it, and then kept, while the parameters themselves are released. If the parameters are variables that may
/// change, it is recomputed on every use and not kept.
public final class Lazy<Value: Sendable>: Sendable {
  private enum State: Sendable {
    case pending(@Sendable () -> Value)
    case made(Value)
    case changing(@Sendable () -> Value)
  }

  private let state: Mutex<State>

  /// The result of `make`, which depends on `parameters`.
  public init(of parameters: Parameter..., make: @escaping @Sendable () -> Value) {
    state = Mutex(parameters.contains(where: \.isTrained) ? .changing(make) : .pending(make))
  }

  /// The value. Computing it takes time on the first use; for variables, on every use.
  public var value: Value {
    state.withLock { state in
      switch state {
      case .made(let value): return value
      case .changing(let make): return make()
      case .pending(let make):
        let value = make()
        state = .made(value)
        return value
      }
    }
  }
}
