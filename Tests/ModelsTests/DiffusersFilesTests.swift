import DiffusionBytes
import Foundation
import TestSupport
import Testing

@testable import DiffusionCheckpoints
@testable import DiffusionModels

/// Which files of a folder are opened, and what the files around the weights say of them.
struct DiffusersFilesTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "diffusers-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func write(_ text: String, _ name: String) throws {
    let path = folder + "/" + name
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

  @Test(arguments: [
    ["unet/diffusion_pytorch_model.fp16.safetensors"], ["unet/diffusion_pytorch_model.non_ema.bin"],
    ["diffusion_pytorch_model.bin.index.json"], ["diffusion_pytorch_model.safetensors.index.fp16.json"],
    // The usual one before variants, and an average before what it is an average of.
    ["diffusion_pytorch_model.bin", "diffusion_pytorch_model.fp16.safetensors"],
    ["unet_ema/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.safetensors"],
  ])
  func weightsAreFound(names: [String]) throws {
    defer { cleanUp() }
    for name in names { try write("", name) }
    #expect(try DiffusersFolder.weights(in: folder) == "\(folder)/\(names[0])")
  }

  @Test func cachesOfTheHubNameTheirVersion() throws {
    defer { cleanUp() }
    try write("abc\n", "refs/main")
    try write("", "snapshots/abc/unet/diffusion_pytorch_model.bin")
    #expect(
      try DiffusersFolder.weights(in: folder) == folder + "/snapshots/abc/unet/diffusion_pytorch_model.bin")
    // A name that leads elsewhere is not followed.
    try write("../../abc", "refs/main")
    #expect(throws: CheckpointError.folder(file: folder)) { try DiffusersFolder.weights(in: folder) }
  }

  @Test func anIndexStandsForItsFolder() {
    #expect(Diffusers.folder(of: "a/model_index.json") == "a" && Diffusers.folder(of: "model_index.json") == ".")
    #expect(Diffusers.folder(of: "a/model.json") == nil)
  }

  private func describe(_ scheduler: String, index: String = "{}", config: String = "{}") throws -> DescribedModel {
    try write(config, "unet/config.json")
    try write(scheduler, "scheduler/scheduler_config.json")
    try write(index, "model_index.json")
    return try #require(try DiffusersFolder(weights: folder + "/unet/diffusion_pytorch_model.bin").description())
  }

  @Test func eachSettingNamesItsFile() throws {
    defer { cleanUp() }
    let model = try describe(#"{"_class_name": "DDIMScheduler", "set_alpha_to_one": false, "steps_offset": 1}"#)
    #expect(model.file(of: "prediction") == folder + "/scheduler/scheduler_config.json")
    #expect(model.file(of: "norm_eps") == folder + "/unet/config.json")
    #expect(model.description.stepsOffset == 1 && model.description.setAlphaToOne == false)
    #expect(model.description.scheduler == "DDIMScheduler" && model.unfollowed.isEmpty)
  }

  /// Whether x̂₀ is clipped, the betas and the last level are a matter of the class where a file does not say.
  @Test(
    arguments: [
      ("DDPM", true, 0.0001, nil), ("DDIM", true, 0.0001, nil), ("PNDM", false, 0.0001, false),
      ("EulerDiscrete", false, 0.0001, nil), ("HeunDiscrete", false, 0.00085, nil), ("LCM", false, 0.00085, nil),
      ("UnCLIP", true, nil, nil), ("KDPM2Discrete", false, 0.00085, nil), ("RePaint", true, 0.0001, nil),
    ] as [(String, Bool, Double?, Bool?)])
  func defaultsAreTheClasss(name: String, clips: Bool, first: Double?, setsAlphaToOne: Bool?) throws {
    defer { cleanUp() }
    let description = try describe(#"{"_class_name": "\#(name)Scheduler"}"#).description
    #expect(description.clipDenoised == clips && description.betaStart == first)
    #expect(description.setAlphaToOne == setsAlphaToOne)
    #expect(description.noiseSchedule == ["LCM": "scaled_linear", "UnCLIP": "cosine"][name] ?? "linear")
  }

  @Test(arguments: [
    (#"{"_class_name": "LMSDiscreteScheduler"}"#, ["_class_name LMSDiscreteScheduler"]),
    (
      #"{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 3, "lambda_min_clipped": -5.1}"#,
      ["lambda_min_clipped -5.1", "solver_order 3"]
    ),
    // As Python writes the default.
    (#"{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 2, "lambda_min_clipped": -Infinity}"#, []),
    (#"{"_class_name": "PNDMScheduler"}"#, ["skip_prk_steps false"]),
    (#"{"_class_name": "PNDMScheduler", "skip_prk_steps": true}"#, []),
    (#"{"_class_name": "UniPCMultistepScheduler", "use_flow_sigmas": true}"#, ["use_flow_sigmas true"]),
    (#"{"_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": true, "final_sigmas_type": "zero"}"#, []),
  ])
  func whatIsNotFollowedIsListed(scheduler: String, settings: [String]) throws {
    defer { cleanUp() }
    let model = try describe(scheduler)
    #expect(model.unfollowed.map { "\($0.key) \($0.value)" } == settings)
    #expect(model.unfollowed.allSatisfy { $0.source == .file(folder + "/scheduler/scheduler_config.json") })
  }

  @Test(arguments: [
    (#"{"movq": ["diffusers", "VQModel"]}"#, "\"movq\" is VQModel, but only pipelines of"),
    (
      #"{"text_encoder": ["transformers", "CLIPTextModel"]}"#,
      "\"text_encoder\" is CLIPTextModel, but only pipelines of"
    ),
  ])
  func otherModulesAreRefused(index: String, message: String) throws {
    defer { cleanUp() }
    do {
      Issue.record("read as \(try describe("{}", index: index))")
    } catch { #expect("\(error)".hasPrefix("\(folder)/model_index.json: \(message)"), "\(error)") }
    _ = try describe(
      "{}", index: #"{"_class_name": "X", "vqvae": [null, null], "mel": ["diffusers", "Mel"], "decay": 0.9, "a": [1]}"#)
  }

  @Test func fixedVarianceHasNoChannels() throws {
    defer { cleanUp() }
    let config = #"{"out_channels": 6}"#
    let error = #expect(throws: CheckpointError.self) {
      try describe(#"{"variance_type": "fixed_small"}"#, config: config)
    }
    #expect(error?.description.contains("\"variance_type\" is fixed_small, but only learned_range") == true)
    #expect(try describe(#"{"variance_type": "learned_range"}"#, config: config).description.learnSigma == true)
  }

  @Test func pythonsJSONIsRead() throws {
    let text = #"{"a": NaN, "b": [-Infinity, Infinity, 1], "c": "NaN \" Infinity", "d\\": -1}"#
    let json = jsonFromPython([0xEF, 0xBB, 0xBF] + Array(text.utf8))
    #expect(
      String(decoding: json, as: UTF8.self) == #"{"a": null, "b": [null, null, 1], "c": "NaN \" Infinity", "d\\": -1}"#)
    #expect(jsonFromPython(Array("\"\\".utf8)) == Array("\"\\".utf8))
  }

  @Test func pointersOfGitLFSAreNamed() throws {
    defer { cleanUp() }
    try write("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4711\n", "m.safetensors")
    let error = #expect(throws: CheckpointError.self) { try StateDict.read(path: folder + "/m.safetensors") }
    #expect(
      error?.description == """
        \(folder)/m.safetensors: is a Git LFS pointer of a few lines, not the weights; \
        type git -C \(folder)/ lfs pull, or download the file
        """)
  }
}
