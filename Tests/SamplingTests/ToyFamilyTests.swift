import DiffusionCore
import DiffusionModels
import Foundation
import Sampling
import TensorCore
import Testing

/// The seams: a family, a sampler and an output that the sources know nothing of take part in everything.
struct ToyFamilyTests {
  private let path = NSTemporaryDirectory() + "toy-\(UUID().uuidString).safetensors"

  private var families: [any ModelFamily.Type] { ModelFamilies.all + [ToyFamily.self] }

  private func model() throws -> DiffusionModel {
    try ToyFamily.write(to: path)
    return try DiffusionModel(path: path, families: families)
  }

  private func cleanUp() { try? FileManager.default.removeItem(atPath: path) }

  @Test func isRecognisedOnceItIsRegistered() throws {
    defer { cleanUp() }
    let model = try model()
    #expect(model.specification.family == "toy" && model.specification.imageShape == [3, 4, 4])
    let error = #expect(throws: SamplingError.self) { try DiffusionModel(path: path) }
    guard case .model(.unrecognized(path, "toy.first", let families))? = error else {
      Issue.record("another error: \(error.debugDescription)")
      return
    }
    #expect(families == ModelFamilies.all.map { $0.name }.reversed() && families.first == "improved-diffusion")
  }

  /// The registry's own families are still found where the toy is asked last.
  @Test func othersAreStillTheirOwn() throws {
    #expect(try ModelSource(path: digitsPath, families: families).specification.family == "improved-diffusion")
  }

  @Test(arguments: SamplerInfo.all.map(\.name))
  func everySamplerDrawsWithIt(sampler: String) throws {
    defer { cleanUp() }
    let model = try model()
    let request = SamplingRequest(count: 3, steps: 4, sampler: sampler, seed: 1)
    if ["dpm", "pc", "onestep", "multistep"].contains(sampler) {
      // Only EDM, score and consistency models have them.
      let error = #expect(throws: SamplingError.self) { try model.images(for: request) }
      #expect(error?.description.hasPrefix("--sampler \(sampler) is not defined") == true)
      return
    }
    let images = Array(try model.images(for: request))
    #expect(images.map(\.index) == [0, 1, 2])
    #expect(images.allSatisfy { image in image.x.shape == [1, 3, 4, 4] && image.x.values.allSatisfy(\.isFinite) })
    // Another image, and the same one again.
    #expect(images[0].x.values != images[1].x.values)
    var alone = request
    (alone.count, alone.index) = (1, 2...2)
    #expect(try model.images(for: alone).map { $0.x.values } == [images[2].x.values])
  }

  @Test func theCheckRunsIt() throws {
    defer { cleanUp() }
    let report = DenoiserCheck(try model().network, try model().specification).report(name: "toy", tryingOthers: true)
    #expect(report.error.isFinite)
    #expect(try Inspection(ModelSource(path: path, families: families)).json().contains("\"family\" : \"toy\""))
  }

  /// A sampler in a table of its own.
  @Test func aSamplerIsFoundByItsName() throws {
    defer { cleanUp() }
    let toy = SamplerInfo(
      name: "straight", title: "Straight", summary: "goes to what is expected at once", defaultSteps: 3,
      defaultSpacing: .linspace, spacingStyle: .continuous, make: { _ in Straight() })
    let model = try model()
    let plan = try SamplingPlan(
      SamplingRequest(sampler: "straight", seed: 1), model, samplers: SamplerInfo.all + [toy])
    let steps = Array(SamplingSteps(plan))
    #expect(steps.count == 3)
    #expect(steps.last?.x.values == steps.last?.predicted.values)
    #expect(throws: SamplingError.unknownSampler("straight", known: SamplerInfo.all.map(\.name))) {
      try SamplingPlan(SamplingRequest(sampler: "straight"), model)
    }
  }
}

/// Puts what is expected at the next level, without noise.
private struct Straight: Sampler {
  mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let expected = context.xStart(x, step: i)
    let alpha = Float(context.process.level(i - 1).alpha)
    return (expected.map { alpha * $0 }, expected)
  }
}

/// The file of the embedded model.
let digitsPath = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Sources/EmbeddedModel/digits.safetensors").standardizedFileURL.path
