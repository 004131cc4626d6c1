import DiffusionCore
import TensorCore
import TestSupport
import Testing

struct TorchGeneratorTests {
  /// The draws follow one another from one generator.
  @Test(arguments: [0, 42, 4_294_967_301])
  func agreesWithPyTorch(seed: UInt64) throws {
    let reference = try Fixture("torch_rng")
    var generator = TorchGenerator(seed: seed)
    func expectNormal(_ found: [Float], _ name: String) {
      let expected = reference.tensor("seed\(seed).\(name)")
      expectClose(Tensor(expected.shape, found), expected, tolerance: 2e-6, name)
    }
    expectNormal(generator.randn(2 * 3 * 16 * 16), "randn_2x3x16x16")
    expectNormal(generator.randn(5), "then_randn_5")
    expectNormal(generator.randn(37), "then_randn_37")
    #expect(generator.randint(0, 1000, 16) == reference.integers("seed\(seed).then_randint_0_1000_16"))
    #expect(generator.rand(9) == reference.tensor("seed\(seed).then_rand_9").values)
  }

  @Test func aPartOfABatchIsTheFirstOfTheWhole() {
    let generator = TorchGenerator(seed: 3)
    var whole = TorchNoise(generator: generator, batch: 5, kept: 5, shape: [1, 4, 5])
    var part = TorchNoise(generator: generator, batch: 5, kept: 2, shape: [1, 4, 5])
    #expect(part.next().values == whole.next().rows(0..<2).values)
    part.skip()
    whole.skip()
    #expect(part.next().values == whole.next().rows(0..<2).values)
  }
}
