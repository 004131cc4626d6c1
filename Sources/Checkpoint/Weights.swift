import Synchronization
import TensorCore

/// The parameters that a network is built from, seen from one place in it: a layer asks for `weight` and `bias` under the
/// scope it was given, and gets `input_blocks.3.0.in_layers.2.weight`.
public struct Weights: Sendable {
  private enum Source: Sendable {
    case stateDict(StateDict, used: UsedNames)
    case random(seed: UInt64)
  }

  private let source: Source
  private let prefix: String

  /// Parameters read from a checkpoint.
  public init(_ state: StateDict) {
    source = .stateDict(state, used: UsedNames())
    prefix = ""
  }

  /// Parameters of a fresh model, drawn as each layer's `Initializer` says. A tensor's values depend on `seed` and its full
  /// name alone.
  public init(randomSeed seed: UInt64) {
    source = .random(seed: seed)
    prefix = ""
  }

  private init(source: Source, prefix: String) {
    self.source = source
    self.prefix = prefix
  }

  /// The parameters under `name`, for instance `"in_layers.2"`.
  public func scope(_ name: String) -> Weights { Weights(source: source, prefix: prefix + name + ".") }

  /// The parameter `name` of this scope, in the shape that the layer needs.
  ///
  /// - Parameter initializer: how a fresh model's is drawn.
  /// - Throws: `CheckpointError` where the checkpoint lacks it or has it in another shape.
  public func tensor(
    _ name: String, _ shape: [Int], _ initializer: Initializer
  ) throws(CheckpointError) -> Tensor {
    switch source {
    case .stateDict(let state, let used):
      used.insert(prefix + name)
      return try state.tensor(prefix + name, shape: shape)
    case .random(let seed): return initializer.draw(shape, seed: seed, name: prefix + name)
    }
  }

  /// The tensors of the checkpoint that no layer has asked for, in the file's order.
  public var unusedNames: [String] {
    guard case .stateDict(let state, let used) = source else { return [] }
    let names = used.all
    return state.names.filter { !names.contains($0) }
  }
}

/// The names asked for so far, from any scope.
private final class UsedNames: Sendable {
  private let names = Mutex<Set<String>>([])

  func insert(_ name: String) { names.withLock { _ = $0.insert(name) } }

  var all: Set<String> { names.withLock { $0 } }
}
