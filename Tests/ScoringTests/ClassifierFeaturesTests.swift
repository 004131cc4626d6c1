import DiffusionImages
import DiffusionModels
import TensorCore
import TestSupport
import Testing

@testable import DiffusionScoring

/// Features of a classifier of noisy pictures.
struct ClassifierFeaturesTests {
  @Test("The last layer makes PyTorch's logits of the features")
  func lastLayer() throws {
    let io = try Fixture("unet/guided-classifier.io")
    let source = try ModelSource(path: Fixture.path("unet/guided-classifier.weights.safetensors"))
    let classifier = try source.classifier()
    let found = classifier.features(io.tensor("x"), timesteps: io.tensor("t").values)
    let weights = try Fixture("unet/guided-classifier.weights")
    let (weight, bias) = (weights.tensor("out.2.c_proj.weight"), weights.tensor("out.2.c_proj.bias"))
    let width = found.pool.shape[1]
    #expect(weight.shape[1] == width)
    let logits = plainLinear(found.pool, weight: weight.reshaped([weight.shape[0], width]), bias: bias)
    expectClose(logits, io.tensor("logits"), tolerance: 1e-4, "logits")
  }

  @Test("A picture twice as large has the features of the small one, to whose size it is scaled")
  func otherSizes() throws {
    let features = try ClassifierFeatures(path: Fixture.path("unet/guided-classifier.weights.safetensors"))
    let small = Picture(width: 16, height: 16, channels: 3, pixels: (0..<768).map { UInt8($0 * 7 % 256) })
    var pixels: [UInt8] = []
    for y in 0..<32 {
      for x in 0..<32 {
        let place = 3 * (y / 2 * 16 + x / 2)
        pixels += small.pixels[place..<place + 3]
      }
    }
    let doubled = Picture(width: 32, height: 32, channels: 3, pixels: pixels)
    let found = features.features(of: .stacked([features.input(small), features.input(doubled)]))
    expectClose(found.pool.rows(1..<2), found.pool.rows(0..<1), tolerance: 1e-6, "doubled")
    #expect(found.logits?.shape == [2, features.widths.logits] && found.spatial == nil)
  }

  @Test("A model that draws is no classifier")
  func wrongModel() throws {
    let path = Fixture.path("unet/improved-odd-28.weights.safetensors")
    let error = #expect(throws: ScoringError.self) { _ = try ClassifierFeatures(path: path) }
    #expect("\(try #require(error))".contains("not a classifier of noisy images"))
  }

  @Test("Inception in place of a classifier is told by which option it goes after, and the other way round")
  func otherNetwork() throws {
    let folder = try TemporaryFolder()
    let header = #"{"Conv2d_1a_3x3.conv.weight":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    let path = try folder.write("i.safetensors", safetensors(header, data: [1]))
    let inception = #expect(throws: ScoringError.self) { _ = try ClassifierFeatures(path: path) }
    #expect("\(try #require(inception))".hasSuffix("Inception v3, which goes after --inception in place of --features"))
    func message(_ path: String) throws -> String {
      let error = #expect(throws: ScoringError.self) { _ = try InceptionFeatures(path: path, resizing: .clean) }
      return "\(try #require(error))"
    }
    #expect(try message(folder.path).contains("is a folder, not a file; the weights of Inception are in pytorch-fid's"))
    #expect(try message("\(folder.path)/none").contains("/none: there is no such file; the weights of Inception are"))
    let classifier = Fixture.path("unet/guided-classifier.weights.safetensors")
    #expect(try message(classifier).contains("(a classifier of your own goes after --features)"))
  }
}
