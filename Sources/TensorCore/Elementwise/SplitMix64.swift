/// The functions of SplitMix64 (Steele, Lea & Flood 2014), for random numbers that depend only on a seed, a name and a
/// position.
package enum SplitMix64 {
  /// The step of the state from one number to the next.
  package static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The random number of a state.
  package static func number(_ state: UInt64) -> UInt64 {
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// An initial state for `name`, by FNV-1a, which unlike `Hasher` gives the same in every process.
  package static func state(seed: UInt64, name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325 ^ seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
