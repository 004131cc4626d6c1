import DiffusionModels
import Synchronization
import TensorCore

/// Notes the names and shapes of the tensors that a network requests, and gives it none of their elements.
final class RequestedShapes: Sendable {
  private let shapes = Mutex<[String: [Int]]>([:])

  /// The shapes by full name.
  var all: [String: [Int]] { shapes.withLock { $0 } }

  /// What to build the network from.
  var weights: Weights {
    Weights { name, shape, _ in
      self.shapes.withLock { $0[name] = shape }
      return Parameter(shape) { preconditionFailure("\(name) has no elements") }
    }
  }
}
