/// Adding 1.5 · 2²³ to a float of magnitude below 2²² rounds it to an integer, held in the low bits of the sum.
private let roundingBias: Float = 12_582_912

/// eˣ to within two units in the last place. `x` is clamped to [-87.3, 88.4], so that nothing underflows or overflows.
///
/// x = n·ln 2 + r with integer n and |r| ≤ ½ ln 2; ln 2 is subtracted in two parts, the first of nine bits, so that n
/// times it is exact. eʳ = 1 + r + r²·q(r), where q is the polynomial of degree 4 with the least relative error over
/// that interval (Remez exchange).
@inline(__always) func exponential(_ argument: Vector) -> Vector {
  let x = minimum(maximum(argument, broadcast(-87.3)), broadcast(88.4))
  let biased = multiplyAdd(x, broadcast(1.442_695_04), broadcast(roundingBias))
  let n = biased - broadcast(roundingBias)
  var r = multiplyAdd(n, broadcast(-355.0 / 512), x)
  r = multiplyAdd(n, broadcast(2.121_944_4e-4), r)
  var q = broadcast(0.001_381_454)
  q = multiplyAdd(q, r, broadcast(0.008_368_745))
  q = multiplyAdd(q, r, broadcast(0.041_668_39))
  q = multiplyAdd(q, r, broadcast(0.166_665_21))
  q = multiplyAdd(q, r, broadcast(0.499_999_94))
  return addingToExponent(multiplyAdd(q, r * r, r) + broadcast(1), biased)
}

/// 2ˣ to within two units in the last place, for `x` at most 0. `x` is clamped to at least -126, so that nothing
/// underflows.
///
/// x = n + r with integer n and |r| ≤ ½, which is exact, and 2ʳ = 1 + r·p(r), where p is the polynomial of degree 4
/// with the least relative error of 2ʳ over that interval (9e-8; Remez exchange).
@inline(__always) func powerOfTwo(_ argument: Vector) -> Vector {
  let x = maximum(argument, broadcast(-126))
  let biased = x + broadcast(roundingBias)
  let r = x - (biased - broadcast(roundingBias))
  var p = broadcast(0.001_326_472_7)
  p = multiplyAdd(p, r, broadcast(0.009_671_513))
  p = multiplyAdd(p, r, broadcast(0.055_507_336))
  p = multiplyAdd(p, r, broadcast(0.240_222_42))
  p = multiplyAdd(p, r, broadcast(0.693_147))
  return addingToExponent(multiplyAdd(p, r, broadcast(1)), biased)
}

/// x · σ(x) = x / (1 + e⁻ˣ).
@inline(__always) func silu(_ x: Vector) -> Vector {
  x / (broadcast(1) + exponential(broadcast(0) - x))
}
