import DiffusionCore
import TensorCore
import TestSupport

/// Hands out known tensors and remembers what was asked of it.
struct ScriptedNoise: NoiseSource {
  var calls: [String] = []
  let shape: [Int]

  mutating func next() -> Tensor {
    calls.append("next")
    return scrambled(shape, seed: UInt64(calls.count))
  }

  mutating func skip() { calls.append("skip") }
}
