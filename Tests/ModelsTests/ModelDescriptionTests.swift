import DiffusionCheckpoints
import DiffusionModels
import Foundation
import TestSupport
import Testing

struct ModelDescriptionTests {
  @Test func readsEveryKindOfValue() throws {
    let description = try ModelDescription(
      json: """
        {"family": "improved-diffusion", "image_size": 28, "attention_resolutions": [2, 4], "num_heads_upsample": -1,
        "use_scale_shift_norm": true, "class_names": ["a", "b"], "recommended_guidance": 1.5, "unknown": {"x": []}}
        """, file: "f")
    #expect(description.family == "improved-diffusion")
    #expect(description.imageSize == 28)
    #expect(description.attentionResolutions == [2, 4])
    #expect(description.numHeadsUpsample == nil)
    #expect(description.useScaleShiftNorm == true)
    #expect(description.classNames == ["a", "b"])
    #expect(description.recommendedGuidance == 1.5)
    #expect(description.channelMult == nil)
  }

  @Test(arguments: [
    (#"{"image_size": "28"}"#, "f: \"image_size\" should be a whole number"),
    (#"{"use_scale_shift_norm": 1}"#, "f: \"use_scale_shift_norm\" should be true or false"),
    (#"{"channel_mult": [1, "x"]}"#, "f: \"channel_mult\" should be a number"),
    (#"{"channel_mult": 3}"#, "f: \"channel_mult\" should be a list"),
    (#"{"noise_schedule": 3}"#, "f: \"noise_schedule\" should be a text"),
    ("[]", "f: does not describe a model in JSON ("),
    ("{", "f: does not describe a model in JSON ("),
  ])
  func wrongValuesAreNamed(json: String, message: String) {
    do {
      _ = try ModelDescription(json: json, file: "f")
      Issue.record("\(json) was read")
    } catch { #expect(error.description.hasPrefix(message), "\(error)") }
  }

  /// Metadata first; then `model.pt.json`; then `model.json`; then nothing.
  @Test func findsTheSidecar() throws {
    let folder = NSTemporaryDirectory() + "sidecar-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/model.pt"
    try FileManager.default.copyItem(atPath: Fixture.path("containers/zip.pt"), toPath: path)
    let state = try StateDict.read(path: path)
    #expect(try DescribedModel.read(state, path: path) == nil)
    try #"{"image_size": 1}"#.write(toFile: folder + "/model.json", atomically: true, encoding: .utf8)
    #expect(try DescribedModel.read(state, path: path)?.description.imageSize == 1)
    try #"{"image_size": 2}"#.write(toFile: path + ".json", atomically: true, encoding: .utf8)
    #expect(try DescribedModel.read(state, path: path)?.description.imageSize == 2)
    #expect(try DescribedModel.read(state, path: path)?.file == path + ".json")
    let described = try StateDict.read(path: Fixture.path("unet/improved-1d.weights.safetensors"))
    #expect(try DescribedModel.read(described, path: path)?.description.dims == 1)
  }

  /// A file that says nothing of itself has the dimensions of its tensors.
  @Test(arguments: [("improved-1d", 1), ("improved-3d", 3)])
  func dimensionsAreReadOffTheTensors(name: String, dimensions: Int) throws {
    let path = NSTemporaryDirectory() + "bare-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var bytes: [UInt8] = []
    let state = try StateDict.read(path: Fixture.path("unet/\(name).weights.safetensors"))
    try writeSafetensors(state, metadata: [:], half: false) { bytes += $0 }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let source = try ModelSource(path: path)
    #expect(source.specification.dimensions == dimensions)
    _ = try source.network()
  }

  /// A description that cannot be read is not passed over: without it the model would be another.
  @Test func aSidecarMustBeReadable() throws {
    let folder = NSTemporaryDirectory() + "sidecar-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let state = try StateDict.read(path: Fixture.path("containers/zip.pt"))
    let sidecar = folder + "/model.pt.json"
    try FileManager.default.createSymbolicLink(atPath: sidecar, withDestinationPath: sidecar)
    #expect(throws: CheckpointError.unreadable(file: sidecar, reason: "Too many levels of symbolic links")) {
      try DescribedModel.read(state, path: folder + "/model.pt")
    }
  }
}
