/// A parameter that losses are differentiated with respect to, or through: a tensor that training changes, and its gradient.
///
/// One thread at a time may use it.
public final class Variable: @unchecked Sendable {
  /// The parameter's name in a checkpoint.
  public let name: String
  /// Whether it stays as it is: then gradients are passed on to what a layer read, but none is kept of its parameters.
  public let isFrozen: Bool
  /// The elements, as PyTorch has them.
  public var value: Tensor {
    didSet {
      precondition(value.shape == oldValue.shape, "\(name) of shape \(oldValue.shape) cannot become \(value.shape)")
    }
  }
  /// The derivatives added up since `clearGradient`; nil before the first.
  public private(set) var gradient: Tensor?

  /// The size of each dimension.
  public var shape: [Int] { value.shape }

  /// A parameter with the given elements.
  public init(name: String, _ value: Tensor, isFrozen: Bool = false) {
    self.name = name
    self.value = value
    self.isFrozen = isFrozen
  }

  /// Forgets the gradient.
  public func clearGradient() { gradient = nil }

  /// Calls `body` with the address of the gradient, in which there are zeros where nothing has been added.
  func addToGradient(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    precondition(!isFrozen, "\(name) is frozen: it has no gradient")
    // Taken out, so that it is not copied.
    var sum = gradient ?? Tensor(zeros: shape)
    gradient = nil
    sum.withUnsafeMutablePointer(body)
    gradient = sum
  }

  /// Adds derivatives of the variable's number of elements.
  func addToGradient(_ terms: Tensor) {
    precondition(terms.count == value.count, "\(name) of shape \(shape) cannot have a gradient of shape \(terms.shape)")
    guard gradient != nil else {
      gradient = terms.reshaped(shape)
      return
    }
    addToGradient { sum in terms.withUnsafePointer { KernelChoice.current.add($0, sum, terms.count, sum) } }
  }
}
