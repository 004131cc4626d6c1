/// Adding 1.5 · 2²³ to a float of magnitude below 2²² rounds it to an integer, which then stands in the low bits.
private let roundingBias: Float = 12_582_912

/// eˣ to within two units in the last place, for `x` clamped to [-87.3, 88.4], where neither underflow nor overflow
/// occurs.
///
/// x = n·ln 2 + r with integer n and |r| ≤ ½ ln 2; ln 2 is subtracted in two parts, the first of nine bits, so that n times
/// it is exact. eʳ = 1 + r + r²·q(r), q being the polynomial of degree 4 whose relative error over that interval is least
/// (Remez exchange).
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

/// x · σ(x) = x / (1 + e⁻ˣ).
@inline(__always) func silu(_ x: Vector) -> Vector {
  x / (broadcast(1) + exponential(broadcast(0) - x))
}
