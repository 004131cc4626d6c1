import KernelTable

/// A parameter on the path of differentiation: a tensor that training updates, and its gradient. Gradients also pass
/// through frozen ones.
///
/// Only one thread may use it at a time.
public final class Variable: @unchecked Sendable {
  /// The parameter's name in a checkpoint.
  public let name: String
  /// Whether it never changes: then layers still compute the gradients of their inputs, but none of this parameter.
  public let isFrozen: Bool
  /// The elements, in PyTorch's layout.
  public private(set) var value: Tensor
  /// The sum of the derivatives since `clearGradient`; nil before the first.
  public private(set) var gradient: Tensor?

  /// The size of each dimension.
  public var shape: [Int] { value.shape }

  /// A parameter with the given elements.
  public init(name: String, _ value: Tensor, isFrozen: Bool = false) {
    self.name = name
    self.value = value
    self.isFrozen = isFrozen
  }

  /// Replaces the elements.
  public func set(_ value: Tensor) {
    precondition(value.shape == shape, "\(name) of shape \(shape) cannot become \(value.shape)")
    self.value = value
  }

  /// Discards the gradient.
  public func clearGradient() { gradient = nil }

  /// Calls `body` with the address of the gradient and whether terms are to be added to its contents; if not, they
  /// overwrite them.
  func addToGradient(_ body: (_ sum: UnsafeMutablePointer<Float>, _ accumulates: Bool) -> Void) {
    precondition(!isFrozen, "\(name) is frozen: it has no gradient")
    let accumulates = gradient != nil
    // Taken out of the property, so that it is not copied on write.
    var sum = gradient ?? Tensor(uninitialized: shape)
    gradient = nil
    sum.withUnsafeMutablePointer { body($0, accumulates) }
    gradient = sum
  }

  /// Adds `terms`, which have as many elements as the variable.
  func addToGradient(_ terms: Tensor) {
    precondition(terms.count == value.count, "\(name) of shape \(shape) cannot have a gradient of shape \(terms.shape)")
    guard gradient != nil else {
      gradient = terms.reshaped(shape)
      return
    }
    addToGradient { sum, _ in terms.withUnsafePointer { KernelChoice.current.add($0, sum, terms.count, sum) } }
  }

  /// Takes a step of AdamW along the gradient, if there is one.
  ///
  /// - Parameters:
  ///   - step: the step's size and rates.
  ///   - firstMoment: the optimizer's mean of gradients, of this variable's shape.
  ///   - secondMoment: the optimizer's mean of their squares, of this variable's shape.
  public func take(_ step: AdamWStep, firstMoment: inout Tensor, secondMoment: inout Tensor) {
    guard let gradient else { return }
    precondition(
      firstMoment.shape == shape && secondMoment.shape == shape, "\(name) of shape \(shape) has other moments")
    let kernels = KernelChoice.current.optimizer
    let count = value.count
    gradient.withUnsafePointer { gradient in
      value.withUnsafeMutablePointer { weight in
        firstMoment.withUnsafeMutablePointer { first in
          secondMoment.withUnsafeMutablePointer { second in
            Tensor.forStrips(of: count) {
              kernels.adamW(step, gradient + $0, $1, weight + $0, first + $0, second + $0)
            }
          }
        }
      }
    }
  }
}

extension Tensor {
  /// Updates a moving average: becomes rate · itself + (1 - rate) · `x`.
  public mutating func follow(_ x: Tensor, rate: Double) {
    precondition(x.shape == shape, "an average of shape \(shape) cannot follow \(x.shape)")
    let kernels = KernelChoice.current.optimizer
    let count = count
    x.withUnsafePointer { x in
      withUnsafeMutablePointer { average in
        Tensor.forStrips(of: count) {
          kernels.ema(x + $0, $1, Float(rate), Float(1 - rate), average + $0)
        }
      }
    }
  }

  /// The sum of the squares of all elements, in float64.
  public var sumOfSquares: Double {
    let strip = 16_384
    let strips = (count + strip - 1) / strip
    var sums = [Double](repeating: 0, count: strips)
    withUnsafePointer { x in
      sums.withUnsafeMutableBufferPointer { sums in
        ThreadPool.shared.forEach(strips) { i in
          var sum = 0.0
          for k in i * strip..<min((i + 1) * strip, count) { sum += Double(x[k]) * Double(x[k]) }
          sums[i] = sum
        }
      }
    }
    return sums.reduce(0, +)
  }
}
