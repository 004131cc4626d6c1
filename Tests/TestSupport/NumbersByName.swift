import TensorCore

/// Numbers from `shift` - `scale` to `shift` + `scale`, by position and by the hash FNV-1a of `name`: those that
/// `scrambled` in `Fixtures/scoring/inception.py` gives, so that large inputs need not be kept in a fixture.
public func numbers(named name: String, _ shape: [Int], scale: Float = 1, shift: Float = 0) -> Tensor {
  let seed = name.utf8.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 }
  return Tensor(shape) { out in
    for i in 0..<shape.reduce(1, *) {
      var x = UInt32(truncatingIfNeeded: i) &* 2_654_435_761 &+ seed
      x ^= x >> 15
      x = x &* 2_246_822_519
      x ^= x >> 13
      out[i] = shift + scale * (Float(x >> 8) / 8_388_608 - 1)
    }
  }
}
