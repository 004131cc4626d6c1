import TestSupport
import Testing

@testable import TensorCore

/// Expects the gradients of Σ r·f(x), with fixed pseudo-random r, to agree with central differences: along a direction
/// in which all elements change, and for a few single elements.
///
/// - Parameters:
///   - inputs: the arguments of `f`.
///   - variables: the variables that `f` depends on.
///   - step: the change of an element; any value works for functions that are linear in each argument.
///   - tolerance: relative to the largest element of a gradient, or, along the direction, to its norm.
func expectGradients(
  _ what: String, table: String, inputs: [Tensor], variables: [Variable] = [], step: Float, tolerance: Double,
  sourceLocation: SourceLocation = #_sourceLocation, _ f: @escaping ([Tensor]) -> Tensor
) throws {
  try KernelChoice.$current.withValue(#require(KernelChoice.table(named: table))) {
    for variable in variables { variable.clearGradient() }
    let watched = inputs.map { $0.watched() }
    let tape = GradientTape()
    let output = GradientTape.$current.withValue(tape) { f(watched) }
    let cotangent = scrambled(output.shape, seed: 99)
    let gradients = tape.backward(from: output, cotangent)
    #expect(tape.entries.isEmpty)

    func loss(_ inputs: [Tensor]) -> Double {
      Swift.zip(f(inputs).values, cotangent.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    func check(_ name: String, _ x: Tensor, _ gradient: Tensor?, _ loss: (Tensor) -> Double) {
      guard let gradient, gradient.shape == x.shape else {
        Issue.record("\(what): no gradient of \(name)", sourceLocation: sourceLocation)
        return
      }
      let direction = scrambled(x.shape, seed: 7)
      let expected = Swift.zip(gradient.values, direction.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      let length = gradient.values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let found =
        (loss(x.zip(direction) { $0 + step * $1 }) - loss(x.zip(direction) { $0 - step * $1 })) / (2 * Double(step))
      #expect(
        abs(found - expected) <= tolerance * max(length, 1e-3),
        "\(what), \(name): \(expected) along a direction, differences give \(found)", sourceLocation: sourceLocation)
      let largest = Double(gradient.largestMagnitude)
      for k in 0..<5 {
        let i = (k * 7919 + 13) % x.count
        var (more, less) = (x, x)
        more[i] += step
        less[i] -= step
        let found = (loss(more) - loss(less)) / Double(more[i] - less[i])
        #expect(
          abs(found - Double(gradient[i])) <= tolerance * max(largest, 1e-3),
          "\(what), \(name): element \(i) has \(gradient[i]), differences give \(found)", sourceLocation: sourceLocation
        )
      }
    }
    for (i, x) in inputs.enumerated() {
      check("input \(i)", x, gradients.of(watched[i])) { changed in
        var all = inputs
        all[i] = changed
        return loss(all)
      }
    }
    for variable in variables {
      let value = variable.value
      check(variable.name, value, variable.gradient) { changed in
        variable.set(changed)
        defer { variable.set(value) }
        return loss(inputs)
      }
    }
  }
}

/// A variable of pseudo-random numbers.
func variable(_ name: String, _ shape: [Int], seed: UInt64 = 5) -> Variable {
  Variable(name: name, scrambled(shape, seed: seed))
}
