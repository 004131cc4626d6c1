import Sampling
import Testing

/// What the library's interface speaks of can be named with its import alone.
struct OneImportTests {
  @Test func allTypesComeWithIt() throws {
    var settings = StatedSettings()
    settings.imageSize = 28
    let model = try DiffusionModel(embeddedWith: settings)
    let samplers: [SamplerInfo] = SamplerInfo.all
    let families: [any ModelFamily.Type] = ModelFamilies.all
    #expect(samplers.count >= 9 && families.count >= 3)
    for image in try model.images(for: SamplingRequest(steps: 1, seed: 1)) {
      let x: Tensor = image.x
      let picture: Picture = try image.picture()
      #expect(x.shape == [1, 1, 28, 28] && picture.width == 28)
    }
    let error = #expect(throws: SamplingError.self) { try DiffusionModel(path: "/no/such.pt") }
    guard case .model(ModelError.checkpoint)? = error else {
      Issue.record("another error: \(error.debugDescription)")
      return
    }
  }
}
