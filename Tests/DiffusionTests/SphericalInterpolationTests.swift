import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

struct SphericalInterpolationTests {
  private func length(_ x: Tensor) -> Double { x.values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

  private func angle(_ a: Tensor, _ b: Tensor) -> Double {
    let product = zip(a.values, b.values).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    return acos(product / (length(a) * length(b)))
  }

  private func noise(_ seed: UInt64) -> Tensor {
    var noise = PhiloxNoise(seed: seed, images: [0], shape: [3, 16, 16])
    return noise.next()
  }

  @Test func endsAreTheEnds() {
    let (a, b) = (noise(1), noise(2))
    expectClose(slerp(a, b, 0), a, tolerance: 1e-7)
    expectClose(slerp(a, b, 1), b, tolerance: 1e-7)
  }

  /// A quarter circle in the plane, where the points are known.
  @Test(arguments: [0, 0.25, 1 / 3.0, 0.5, 0.9, 1])
  func aQuarterCircle(share: Double) {
    let point = slerp(Tensor([2], [2, 0]), Tensor([2], [0, 2]), share)
    let angle = share * Double.pi / 2
    expectClose(point, Tensor([2], [Float(2 * cos(angle)), Float(2 * sin(angle))]), tolerance: 1e-6)
  }

  /// Noise stays as large as noise is, which half-way on the straight line it does not, and steps of the same share are
  /// steps of the same angle.
  @Test func anglesAreEqualAndLengthsKept() {
    let (a, b) = (noise(1), noise(2))
    let points = (0...6).map { slerp(a, b, Double($0) / 6) }
    for point in points {
      #expect(length(point) > 0.99 * min(length(a), length(b)) && length(point) < 1.01 * max(length(a), length(b)))
    }
    #expect(length(a.zip(b) { ($0 + $1) / 2 }) < 0.8 * length(a))
    // Of one length, exactly so, and at equal angles.
    let scale = Float(length(a) / length(b))
    let c = b.map { $0 * scale }
    for step in 0...6 { #expect(abs(length(slerp(a, c, Double(step) / 6)) / length(a) - 1) < 1e-5) }
    let angles = (0..<6).map { angle(slerp(a, c, Double($0) / 6), slerp(a, c, Double($0 + 1) / 6)) }
    for found in angles { #expect(abs(found - angle(a, c) / 6) < 1e-4) }
  }

  /// There is no arc between these, or more than one.
  @Test func withoutAnArcTheWayIsStraight() {
    let a = noise(1)
    expectClose(slerp(a, a, 0.3), a, tolerance: 1e-6)
    expectClose(slerp(a, a.map { $0 * 3 }, 0.5), a.map { $0 * 2 }, tolerance: 1e-5)
    expectClose(slerp(a, a.map { -$0 }, 0.25), a.map { $0 / 2 }, tolerance: 1e-6)
  }
}
