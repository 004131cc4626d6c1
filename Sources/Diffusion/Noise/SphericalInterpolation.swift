import DiffusionPlatform
import TensorCore

/// Spherical linear interpolation (Shoemake 1985, §3.3): the point a fraction `share` along the arc from `a` to `b`, at
/// constant angular speed. Between two noise tensors it keeps the norm of noise, whereas a straight line would pass
/// closer to 0.
///
/// - Parameters:
///   - a: any shape, not all 0. If its norm differs from that of `b`, the norm is interpolated too.
///   - b: the same shape.
///   - share: 0 is exactly `a`, 1 exactly `b`.
/// - Returns: a tensor of the same shape. If `a` and `b` point in the same direction or in opposite ones, there is no
///   arc or no unique one; the result is then the point on the straight line.
public func slerp(_ a: Tensor, _ b: Tensor, _ share: Double) -> Tensor {
  precondition(a.shape == b.shape, "there is no way from \(a.shape) to \(b.shape)")
  var (product, lengthA, lengthB) = (0.0, 0.0, 0.0)
  for e in 0..<a.count {
    let (p, q) = (Double(a[e]), Double(b[e]))
    product += p * q
    lengthA += p * p
    lengthB += q * q
  }
  let cosine = product / (lengthA * lengthB).squareRoot()
  // Rounding can push the cosine outside [-1, 1].
  let angle = acos(min(max(cosine, -1), 1))
  let sine = sin(angle)
  // Near 0 the arc is straight to float32 precision; near π it is not unique.
  let isStraight = sine < 1e-5
  let ofA = isStraight ? 1 - share : sin((1 - share) * angle) / sine
  let ofB = isStraight ? share : sin(share * angle) / sine
  return a.zip(b) { Float(ofA * Double($0) + ofB * Double($1)) }
}
