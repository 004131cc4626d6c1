import DiffusionCheckpoints
import Synchronization
import TensorCore

/// The parameters that a network is built from, seen from one scope in it: a layer asks for `weight` and `bias` under
/// the scope it was given, and gets `input_blocks.3.0.in_layers.2.weight`.
public struct Weights: Sendable {
  /// Gives the parameter of a full name and a shape. The initializer says how a new model's is drawn.
  public typealias Source =
    @Sendable (_ name: String, _ shape: [Int], _ initializer: Initializer) throws(CheckpointError) -> Parameter

  private let source: Source
  /// The names in the checkpoint, in its order; none without one.
  private let storedNames: [String]
  private let requested = RequestedNames()
  private var prefix = ""
  /// Collects the parameters as variables if gradients are needed, with respect to them or through them.
  private var collection: VariableCollection?

  /// Parameters from `source`, which is called as layers are built.
  public init(source: @escaping Source) { self.init(source: source, storedNames: []) }

  private init(source: @escaping Source, storedNames: [String]) {
    self.source = source
    self.storedNames = storedNames
  }

  /// Parameters read from a checkpoint.
  public init(_ state: StateDict) {
    self.init(
      source: { (name, shape, _) throws(CheckpointError) in try state.parameter(name, shape: shape) },
      storedNames: state.names)
  }

  /// Parameters of a new model, drawn as each layer's `Initializer` says.
  /// A tensor's values depend only on `seed` and its full name.
  public init(randomSeed seed: UInt64) {
    self.init { name, shape, initializer in
      Parameter(shape) { initializer.draw(shape, seed: seed, name: name) }
    }
  }

  /// Parameters in memory, by name. Each must be there, in the shape that a layer asks for.
  public init(tensors: [String: Tensor]) {
    self.init { name, shape, _ in
      guard let tensor = tensors[name], tensor.shape == shape else {
        preconditionFailure("\(name) of shape \(shape) is not among the tensors")
      }
      return Parameter(tensor)
    }
  }

  /// The same parameters as variables, for a network that is trained or whose input's gradient is needed.
  ///
  /// - Parameter frozen: whether they never change.
  public func asVariables(frozen: Bool = false) -> Weights {
    var copy = self
    copy.collection = VariableCollection(frozen: frozen)
    return copy
  }

  /// The variables that layers have requested, in that order; none if parameters are not variables.
  public var variables: [Variable] { collection?.all ?? [] }

  /// The parameters under `name`, for instance `"in_layers.2"`.
  public func scope(_ name: String) -> Weights {
    var copy = self
    copy.prefix += name + "."
    return copy
  }

  /// The full name of `name` in this scope, as in a checkpoint.
  public func name(_ name: String) -> String { prefix + name }

  /// The parameter `name` of this scope, in the shape that the layer needs.
  ///
  /// - Parameters:
  ///   - name: its name in this scope.
  ///   - shape: the required shape.
  ///   - initializer: how a new model's parameter is drawn.
  /// - Throws: `CheckpointError` if the checkpoint lacks it or has it in another shape.
  public func parameter(
    _ name: String, _ shape: [Int], _ initializer: Initializer
  ) throws(CheckpointError) -> Parameter {
    let name = prefix + name
    requested.insert(name)
    let parameter = try source(name, shape, initializer)
    return collection.map { Parameter($0.variable(name, parameter)) } ?? parameter
  }

  /// The tensors of the checkpoint that no layer has requested, in the file's order.
  public var unusedNames: [String] {
    let names = requested.all
    return storedNames.filter { !names.contains($0) }
  }
}

/// The variables made of parameters so far, in any scope.
private final class VariableCollection: Sendable {
  private let frozen: Bool
  private let variables = Mutex<[Variable]>([])

  init(frozen: Bool) { self.frozen = frozen }

  func variable(_ name: String, _ parameter: Parameter) -> Variable {
    // Copied now, as the first training step would in any case:
    // until then the pages of the mapped file would stay in memory.
    let value = frozen ? parameter.tensor() : parameter.tensor().copied()
    let variable = Variable(name: name, value, isFrozen: frozen)
    variables.withLock { $0.append(variable) }
    return variable
  }

  var all: [Variable] { variables.withLock { $0 } }
}

/// The names requested so far, in any scope.
private final class RequestedNames: Sendable {
  private let names = Mutex<Set<String>>([])

  func insert(_ name: String) { _ = names.withLock { $0.insert(name) } }

  var all: Set<String> { names.withLock { $0 } }
}
