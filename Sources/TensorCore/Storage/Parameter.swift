import Synchronization

/// A parameter of a layer: its shape is known at once, its elements are read when the layer first needs them. So a network can
/// be built, and asked what it consists of, without reading a checkpoint of gigabytes.
public struct Parameter: Sendable {
  /// As PyTorch has it, for instance `[O, I, 3, 3]`.
  public let shape: [Int]
  /// What it is read from where gradients are wanted; nil for sampling.
  public let variable: Variable?
  private let read: @Sendable () -> Tensor

  /// A parameter of `shape` whose elements `read` gives.
  public init(_ shape: [Int], reading read: @escaping @Sendable () -> Tensor) {
    self.shape = shape
    self.read = read
    variable = nil
  }

  /// A parameter that is there already.
  public init(_ tensor: Tensor) {
    shape = tensor.shape
    read = { tensor }
    variable = nil
  }

  /// A parameter that is what `variable` is whenever it is read.
  public init(_ variable: Variable) {
    shape = variable.shape
    read = { variable.value }
    self.variable = variable
  }

  /// Whether it may change, and there will be a gradient with respect to it.
  var isTrained: Bool { variable.map { !$0.isFrozen } ?? false }

  /// Reads the elements.
  public func tensor() -> Tensor {
    let tensor = read()
    precondition(tensor.shape == shape, "a parameter of shape \(shape) was read as \(tensor.shape)")
    return tensor
  }
}

/// What a layer makes of its parameters: made when first asked for, on the thread that asks, and then kept, while the
/// parameters themselves are let go. Of variables that may change it is made each time, and not kept.
public final class Lazy<Value: Sendable>: Sendable {
  private enum State: Sendable {
    case pending(@Sendable () -> Value)
    case made(Value)
    case changing(@Sendable () -> Value)
  }

  private let state: Mutex<State>

  /// What `make` will give, of `parameters`.
  public init(of parameters: Parameter..., make: @escaping @Sendable () -> Value) {
    state = Mutex(parameters.contains(where: \.isTrained) ? .changing(make) : .pending(make))
  }

  /// The value; the first call takes the time to make it, of variables every call.
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
