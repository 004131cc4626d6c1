// IEEE 754 binary16 by bit manipulation: Swift's `Float16` is not available on all supported platforms. Both functions
// compute all cases and select one instead of branching, so that loops over them vectorise.

/// Binary16 to binary32, which is exact.
@inline(__always)
func floatFromHalf(_ half: UInt16) -> Float {
  let sign = UInt32(half & 0x8000) << 16
  let shifted = UInt32(half & 0x7FFF) << 13
  // The exponents' biases differ by 112.
  let normal = shifted &+ 112 << 23
  // Zero and subnormals, fraction · 2⁻²⁴: computed as 2⁻¹⁴ · (1 + fraction · 2⁻¹⁰) - 2⁻¹⁴.
  let subnormal = (Float(bitPattern: shifted &+ 113 << 23) - 0x1p-14).bitPattern
  let special = shifted | 0x7F80_0000
  let magnitude = half & 0x7C00 == 0 ? subnormal : half & 0x7C00 == 0x7C00 ? special : normal
  return Float(bitPattern: sign | magnitude)
}

/// Values from here on round to infinity in binary16: half a step above 65504, the largest.
let halfOverflow: Float = 65520

/// Binary32 to binary16, rounded to nearest, ties to even.
@inline(__always)
func halfFromFloat(_ value: Float) -> UInt16 {
  let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
  let magnitude = value.bitPattern & 0x7FFF_FFFF
  // Adds half a step minus one bit, plus the last bit kept: carries if it must round up.
  let rounded = magnitude &+ 0xFFF &+ (magnitude >> 13 & 1)
  let normal = UInt16(truncatingIfNeeded: (rounded &- 112 << 23) >> 13)
  // Float32 values from ½ on have the subnormals' step size, 2⁻²⁴: adding ½ rounds.
  let subnormal = UInt16(
    truncatingIfNeeded: (Float(bitPattern: magnitude) + 0.5).bitPattern &- Float(0.5).bitPattern)
  let special: UInt16 = magnitude > 0x7F80_0000 ? 0x7E00 : 0x7C00
  let result = magnitude < 0x3880_0000 ? subnormal : magnitude >= halfOverflow.bitPattern ? special : normal
  return sign | result
}
