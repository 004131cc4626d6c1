import DiffusionCheckpoints
import Synchronization
import TensorCore

/// The parameters that a network is built from, seen from one place in it: a layer asks for `weight` and `bias` under the
/// scope it was given, and gets `input_blocks.3.0.in_layers.2.weight`.
public struct Weights: Sendable {
  private enum Source: Sendable {
    case stateDict(StateDict)
    case random(seed: UInt64)
    case shapesOnly
    case tensors([String: Tensor])
  }

  private let source: Source
  private let asked: AskedShapes
  private let prefix: String
  /// Where parameters are collected that gradients are wanted of, or through.
  private let collection: VariableCollection?

  /// Parameters read from a checkpoint.
  public init(_ state: StateDict) { self.init(source: .stateDict(state), asked: AskedShapes(), prefix: "") }

  /// Parameters of a fresh model, drawn as each layer's `Initializer` says. A tensor's values depend on `seed` and its full
  /// name alone.
  public init(randomSeed seed: UInt64) { self.init(source: .random(seed: seed), asked: AskedShapes(), prefix: "") }

  /// Parameters that are in memory, by name; each must be there in the shape that a layer asks for.
  public init(tensors: [String: Tensor]) { self.init(source: .tensors(tensors), asked: AskedShapes(), prefix: "") }

  /// Parameters that have shapes only: for a network that is asked what it consists of, and never run.
  public static func shapesOnly() -> Weights { Weights(source: .shapesOnly, asked: AskedShapes(), prefix: "") }

  private init(source: Source, asked: AskedShapes, prefix: String, collection: VariableCollection? = nil) {
    self.source = source
    self.asked = asked
    self.prefix = prefix
    self.collection = collection
  }

  /// The same parameters as variables, for a network that is trained, or whose input's gradient is wanted.
  ///
  /// - Parameter frozen: whether they stay as they are.
  public func asVariables(frozen: Bool = false) -> Weights {
    Weights(source: source, asked: asked, prefix: prefix, collection: VariableCollection(frozen: frozen))
  }

  /// The variables that layers have asked for, in that order; none where parameters are not variables.
  public var variables: [Variable] { collection?.all ?? [] }

  /// The parameters under `name`, for instance `"in_layers.2"`.
  public func scope(_ name: String) -> Weights {
    Weights(source: source, asked: asked, prefix: prefix + name + ".", collection: collection)
  }

  /// What `name` is called from outside this scope, as in a checkpoint.
  public func name(_ name: String) -> String { prefix + name }

  /// The parameter `name` of this scope, in the shape that the layer needs.
  ///
  /// - Parameters:
  ///   - name: its name in this scope.
  ///   - shape: the shape that it must have.
  ///   - initializer: how a fresh model's is drawn.
  /// - Throws: `CheckpointError` where the checkpoint lacks it or has it in another shape.
  public func parameter(
    _ name: String, _ shape: [Int], _ initializer: Initializer
  ) throws(CheckpointError) -> Parameter {
    let name = prefix + name
    asked.insert(name, shape)
    let parameter = try parameter(called: name, shape, initializer)
    return collection.map { Parameter($0.variable(name, parameter)) } ?? parameter
  }

  private func parameter(
    called name: String, _ shape: [Int], _ initializer: Initializer
  ) throws(CheckpointError) -> Parameter {
    switch source {
    case .stateDict(let state): return try state.parameter(name, shape: shape)
    case .random(let seed): return Parameter(shape) { initializer.draw(shape, seed: seed, name: name) }
    case .tensors(let tensors):
      guard let tensor = tensors[name], tensor.shape == shape else {
        preconditionFailure("\(name) of shape \(shape) is not among the tensors")
      }
      return Parameter(tensor)
    case .shapesOnly: return Parameter(shape) { preconditionFailure("a network of shapes only was run") }
    }
  }

  /// The shapes that layers have asked for, by the tensor's full name.
  public var askedShapes: [String: [Int]] { asked.all }

  /// The tensors of the checkpoint that no layer has asked for, in the file's order.
  public var unusedNames: [String] {
    guard case .stateDict(let state) = source else { return [] }
    let names = asked.all
    return state.names.filter { names[$0] == nil }
  }
}

/// The variables that parameters have become, from any scope.
private final class VariableCollection: Sendable {
  private let frozen: Bool
  private let variables = Mutex<[Variable]>([])

  init(frozen: Bool) { self.frozen = frozen }

  func variable(_ name: String, _ parameter: Parameter) -> Variable {
    // What training changes would be copied at the first step in any case: until then a file's pages would be held.
    let value = frozen ? parameter.tensor() : parameter.tensor().copied()
    let variable = Variable(name: name, value, isFrozen: frozen)
    variables.withLock { $0.append(variable) }
    return variable
  }

  var all: [Variable] { variables.withLock { $0 } }
}

/// The shapes asked for so far, from any scope.
private final class AskedShapes: Sendable {
  private let shapes = Mutex<[String: [Int]]>([:])

  func insert(_ name: String, _ shape: [Int]) { shapes.withLock { $0[name] = shape } }

  var all: [String: [Int]] { shapes.withLock { $0 } }
}
