import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionCheckpoints
@testable import DiffusionModels

struct DiffusersNamesTests {
  static let levels2 = [
    "conv_in.weight", "down_blocks.0.resnets.0.norm1.weight", "down_blocks.1.attentions.0.to_q.weight",
    "up_blocks.0.attentions.0.to_q.weight",
  ]

  @Test(arguments: [
    ("conv_in.bias", "input_blocks.0.0.bias"), ("time_embedding.linear_2.weight", "time_embed.2.weight"),
    ("down_blocks.0.resnets.0.conv2.weight", "input_blocks.1.0.out_layers.3.weight"),
    ("down_blocks.0.downsamplers.0.conv.weight", "input_blocks.2.0.op.weight"),
    ("down_blocks.1.attentions.0.group_norm.bias", "input_blocks.3.1.norm.bias"),
    ("mid_block.resnets.1.time_emb_proj.weight", "middle_block.2.emb_layers.1.weight"),
    ("up_blocks.0.resnets.1.conv_shortcut.weight", "output_blocks.1.0.skip_connection.weight"),
    ("up_blocks.0.upsamplers.0.conv.weight", "output_blocks.1.2.conv.weight"),
    ("up_blocks.1.resnets.0.norm1.weight", "output_blocks.2.0.in_layers.0.weight"),
    ("conv_norm_out.weight", "out.0.weight"), ("conv_out.weight", "out.2.weight"),
    ("something.else", "something.else"),
  ])
  func names(diffusers: String, original: String) throws {
    let names = try #require(TensorNames.diffusers(Self.levels2))
    #expect(names.assemblies([diffusers]) { _ in 2 } == [AssembledName(original, parts: [diffusers])])
  }

  @Test func queriesKeysAndValuesAreOne() throws {
    let names = try #require(TensorNames.diffusers(Self.levels2))
    let parts = ["to_q", "to_k", "to_v"].map { "down_blocks.1.attentions.0.\($0).weight" }
    // In whatever order they come.
    #expect(
      names.assemblies(parts.reversed()) { _ in 2 } == [
        AssembledName("input_blocks.3.1.qkv.weight", parts: parts, trailingOnes: 1)
      ])
    #expect(names.parts(of: "input_blocks.3.1.qkv.weight") == parts)
    #expect(names.parts(of: "input_blocks.9.1.qkv.weight") == nil)
    let old = try #require(TensorNames.diffusers(Self.levels2 + ["mid_block.attentions.0.proj_attn.weight"]))
    #expect(
      old.parts(of: "middle_block.1.qkv.bias") == ["query", "key", "value"].map { "mid_block.attentions.0.\($0).bias" })
    #expect(
      old.assemblies(["mid_block.attentions.0.proj_attn.weight"]) { _ in 2 } == [
        AssembledName(
          "middle_block.1.proj_out.weight", parts: ["mid_block.attentions.0.proj_attn.weight"], trailingOnes: 1)
      ])
  }

  /// Under diffusers' name and under the original's: which of them counts cannot be known.
  @Test func aTensorTwiceIsRefused() throws {
    let names = ["conv_in.weight", "down_blocks.0.resnets.0.norm1.weight", "input_blocks.0.0.weight"]
    let header = names.enumerated().map { i, name in
      #""\#(name)":{"dtype":"U8","shape":[1],"data_offsets":[\#(i),\#(i + 1)]}"#
    }.joined(separator: ",")
    let file = try TemporaryFile(safetensors("{\(header)}", data: [1, 2, 3]))
    #expect(throws: ModelError.checkpoint(.nameTwice(file: file.path, name: "input_blocks.0.0.weight"))) {
      try ModelSource(path: file.path)
    }
  }

  @Test func otherNamesAreNotDiffusers() { #expect(TensorNames.diffusers(["input_blocks.0.0.weight"]) == nil) }
}

/// Folders made of a few words, and the weights of another file.
struct DiffusersFolderTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "diffusers-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func write(_ json: String, _ name: String) throws {
    try json.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
  }

  private func describe(_ config: String, scheduler: String? = nil) throws -> ModelDescription {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try write(config, "config.json")
    if let scheduler { try write(scheduler, "scheduler_config.json") }
    try write("", "diffusion_pytorch_model.bin")
    let weights = try DiffusersFolder.weights(in: folder)
    #expect(weights == folder + "/diffusion_pytorch_model.bin")
    return try #require(try DiffusersFolder(weights: weights).description()).description
  }

  /// An absent number of channels of a head is 8, an explicit null is one head.
  @Test(
    arguments: [
      ("{}", 8, nil), (#"{"attention_head_dim": null}"#, nil, 1), (#"{"attention_head_dim": 16}"#, 16, nil),
    ] as [(String, Int?, Int?)])
  func heads(json: String, channels: Int?, heads: Int?) throws {
    let description = try describe(json)
    #expect(description.numHeadChannels == channels)
    #expect(description.numHeads == heads)
  }

  @Test func defaultsAreTheConstructors() throws {
    let description = try describe("{}", scheduler: "{}")
    #expect(description.channelMult == [1, 2, 3, 4])
    #expect(description.modelChannels == 224)
    #expect(description.attentionResolutions == [2, 4, 8])
    #expect(description.flipSinToCos == true && description.freqShift == 0 && description.downsamplePadding == 1)
    #expect(description.middleAttentionNorm == true)
    #expect(description.diffusionSteps == 1000 && description.noiseSchedule == "linear")
    #expect(description.betaStart == 0.0001 && description.betaEnd == 0.02)
    #expect(description.sigmaSmall == true && description.prediction == "epsilon" && description.clipDenoised == true)
  }

  @Test func schedulers() throws {
    let description = try describe(
      #"{"sample_size": [64, 64], "resnet_time_scale_shift": "scale_shift"}"#,
      scheduler:
        #"""
        {"beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 400, "variance_type": "fixed_large", \#
        "clip_sample": false, "prediction_type": "sample"}
        """#)
    #expect(description.imageSize == 64)
    #expect(description.middleAttentionNorm == false && description.useScaleShiftNorm == true)
    #expect(description.noiseSchedule == "cosine" && description.betaStart == nil)
    #expect(description.diffusionSteps == 400 && description.sigmaSmall == false)
    #expect(description.clipDenoised == false && description.prediction == "sample")
  }

  @Test(arguments: [
    (
      #"{"_class_name": "UNet2DConditionModel"}"#, "{}", "\"_class_name\" is UNet2DConditionModel, but only UNet2DModel"
    ),
    (#"{"act_fn": "gelu"}"#, "{}", "\"act_fn\" is gelu, but only silu"),
    (#"{"time_embedding_type": "fourier"}"#, "{}", "\"time_embedding_type\" is fourier, but only positional"),
    (#"{"center_input_sample": true}"#, "{}", "\"center_input_sample\" is true, but only false"),
    (#"{"down_block_types": ["KDownBlock2D"]}"#, "{}", "\"down_block_types\" is KDownBlock2D"),
    (#"{"down_block_types": ["SkipDownBlock2D", "DownBlock2D"]}"#, "{}", "\"down_block_types\" is DownBlock2D"),
    (#"{"down_block_types": ["SkipDownBlock2D"]}"#, "{}", "\"time_embedding_type\" is positional"),
    (
      #"""
      {"block_out_channels": [32, 64], "down_block_types": \#
      ["DownBlock2D", "AttnDownBlock2D"], "up_block_types": ["UpBlock2D", "UpBlock2D"]}
      """#,
      "{}", "but only the blocks of down_block_types the other way round"
    ),
    (#"{"block_out_channels": []}"#, "{}", "1 to 16 widths up to 65536"),
    (#"{"block_out_channels": [9223372036854775807]}"#, "{}", "1 to 16 widths up to 65536"),
    (#"{"sample_size": [64, 32]}"#, "{}", "pictures that are not square"),
    ("[]", "{}", "config.json: does not describe a model in JSON"),
    ("{}", #"{"prediction_type": "flow"}"#, "\"prediction_type\" is flow, but only epsilon, sample and v_prediction"),
    ("{}", #"{"beta_schedule": "exponential"}"#, "\"beta_schedule\" is exponential"),
    ("{}", #"{"_class_name": "KarrasVeScheduler"}"#, "\"_class_name\" is KarrasVeScheduler, but only schedulers with"),
    ("{}", #"{"_class_name": "a\u001bb"}"#, "\"_class_name\" is a\\u{1B}b, but only"),
    ("{}", "nonsense", "scheduler_config.json: does not describe a model in JSON"),
  ])
  func whatIsNotDrawnWithIsNamed(config: String, scheduler: String, message: String) {
    do {
      Issue.record("read as \(try describe(config, scheduler: scheduler))")
    } catch { #expect("\(error)".contains(message), "\(error)") }
  }
}
