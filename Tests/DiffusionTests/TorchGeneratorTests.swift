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

  /// `torch.randn(21, dtype=torch.float64)` after `manual_seed(3)`, then three more.
  @Test func doublePrecision() {
    var generator = TorchGenerator(seed: 3)
    let expected = [
      -0.21774879177876416, 0.1466771298110492, 0.6690811213485476, -0.5141241139283437, -1.5859705131070332,
      -0.2841692588173489, 0.16794475101412973, 0.7580573286215819, 1.0784352439814244, 0.34363379791442283,
      0.7198251676658504, 0.8306180904619974, 0.5086538773635347, -1.224985367308154, -0.269718737037564,
      0.20366863384122577, 0.028752867895017985, 0.24243710319485537, 0.7841722963522199, -0.9984183369540185,
      1.1860480205849184, -1.1113381293820601, 0.30114267001486056, 1.0780218731945774,
    ]
    let found = generator.randnDouble(21) + generator.randnDouble(3)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-14 } && found.count == expected.count)
  }

  /// Each image has a generator of its own: x_T, the class, then noise in float64.
  @Test func aStreamForEachImage() {
    var noise = StackedTorchNoise(seed: 7, images: [2, 0], shape: [1, 5, 5])
    let start = noise.next()
    let classes = noise.classes(of: 10)
    let further = noise.next()
    for (place, image) in [2, 0].enumerated() {
      var generator = TorchGenerator(seed: 7 + UInt64(image))
      #expect(start.rows(place..<place + 1).values == generator.randn(25))
      #expect(classes[place] == generator.randint(0, 10, 1)[0])
      #expect(further.rows(place..<place + 1).values == generator.randnDouble(25).map(Float.init))
    }
    // A given x_T is not drawn.
    var given = StackedTorchNoise(seed: 7, images: [2], shape: [1, 5, 5])
    given.skip()
    var generator = TorchGenerator(seed: 9)
    #expect(given.next().values == generator.randnDouble(25).map(Float.init))
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
