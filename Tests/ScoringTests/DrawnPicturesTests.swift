import DiffusionImages
import Foundation
import Sampling
import TensorCore
import TestSupport
import Testing

@testable import DiffusionScoring

/// Pictures that a model draws as they are scored.
struct DrawnPicturesTests {
  private func plan(_ change: (inout SamplingRequest) -> Void) throws -> SamplingPlan {
    var request = SamplingRequest()
    (request.count, request.seed, request.steps) = (6, 4, 1)
    change(&request)
    return try SamplingPlan(request, .embedded)
  }

  @Test("The classes that pictures should be of are those that are drawn")
  func labels() throws {
    let changes: [(inout SamplingRequest) -> Void] = [
      { _ in }, { $0.classes = [.index(7), .index(2)] }, { ($0.statedCount, $0.index) = (nil, 11...16) },
      { $0.batch = 4 },
    ]
    for change in changes {
      let plan = try plan(change)
      var generator = ImageGenerator(plan)
      var drawn: [Int] = []
      let images = Array(plan.indices)
      for first in stride(from: 0, to: images.count, by: plan.batch) {
        let batch = Array(images[first..<min(first + plan.batch, images.count)])
        drawn += try #require(generator.draw(batch) { _ in }.labels)
      }
      #expect(plan.labels == drawn)
      #expect(DrawnPictures(plan) {}.labels == drawn)
    }
    // PyTorch's stream draws them when it comes to them.
    #expect(try plan { $0.noiseStream = .torch }.labels == nil)
  }

  @Test("Contents of the noise decide the fingerprint, and PyTorch's stream cannot be gone on with")
  func fingerprints() throws {
    let folder = try TemporaryFolder()
    func fingerprint(_ value: Float) throws -> String {
      let noise = [Float](repeating: value, count: 6 * 784)
      let path = try folder.write("z.npy", npy([6, 1, 28, 28], .float32(noise)))
      return try DrawnPictures(try plan { $0.noise = path }) {}.fingerprint(progress: { _, _ in })
    }
    #expect(try fingerprint(1) == fingerprint(1))
    #expect(try fingerprint(1) != fingerprint(2))
    let model = try DiffusionModel(path: Fixture.path("unet/guided-neworder.weights.safetensors"))
    let features = try ClassifierFeatures(path: Fixture.path("unet/guided-classifier.weights.safetensors"))
    func place(_ stream: SamplingRequest.NoiseStream) throws -> String? {
      var request = SamplingRequest()
      (request.count, request.seed, request.noiseStream) = (2, 1, stream)
      return DrawnPictures(try SamplingPlan(request, model)) {}.featuresPath(features)
    }
    #expect(try place(.philox) != nil && place(.torch) == nil)
  }
}
