import DiffusionPlatform
import TensorCore

/// Spherical linear interpolation (Shoemake 1985, §3.3): the point that lies `share` of the way from `a` to `b` on the
/// arc between them, at a steady angular speed. Between noises it stays as large as noise is, where a straight line
/// would pass nearer to 0.
///
/// - Parameters:
///   - a: any shape, not all 0; of another length than `b`, lengths are interpolated along.
///   - b: the same shape.
///   - share: 0 is exactly `a`, 1 exactly `b`.
/// - Returns: the same shape; where `a` and `b` point the same way, or opposite ways, so that no arc or no single one
///   is between them, the point on the straight line.
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
  // Rounding may lead outside.
  let angle = acos(min(max(cosine, -1), 1))
  let sine = sin(angle)
  // Where the arc is this short, it is straight to the last digit of float32.
  let isStraight = sine < 1e-5
  let ofA = isStraight ? 1 - share : sin((1 - share) * angle) / sine
  let ofB = isStraight ? share : sin(share * angle) / sine
  return a.zip(b) { Float(ofA * Double($0) + ofB * Double($1)) }
}
