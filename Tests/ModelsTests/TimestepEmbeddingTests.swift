import DiffusionModels
import TestSupport
import Testing

struct TimestepEmbeddingTests {
  /// Even and odd dimensions; t is 0, 1, 17.25, 500, 999 and 3999.
  @Test(arguments: [32, 33, 128, 192])
  func agreesWithPyTorch(dim: Int) throws {
    let ops = try Fixture("ops")
    let timesteps = ops.tensor("timestep_embedding.t").values
    let found = TimestepEmbedding()(timesteps, dim: dim)
    let expected = ops.tensor("timestep_embedding.\(dim)")
    #expect(found.shape == expected.shape)
    // Our frequencies are correctly rounded. PyTorch's exp is not: of these frequencies it rounds two (dim 128, i = 22,
    // which is also dim 192, i = 33; and dim 192, i = 20), which lie 0.496 and 0.489 of the way to the next float, away
    // from the nearer one. Times t, one unit in the frequency's last place is more than 10⁻⁵ there.
    let misrounded: [Int: [Int: Float]] = [128: [22: 0.042_169_65], 192: [33: 0.042_169_65, 20: 0.146_779_91]]
    for index in 0..<found.count {
      let (n, column) = (index / dim, index % dim)
      let unit = misrounded[dim]?[column % (dim / 2)]?.ulp ?? 0
      let tolerance = max(1e-5, timesteps[n] * unit)
      #expect(abs(found[index] - expected[index]) <= tolerance, "t = \(timesteps[n]), column \(column)")
    }
  }
}
