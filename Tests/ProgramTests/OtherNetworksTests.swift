import Foundation
import TestSupport
import Testing

/// Files that cannot be drawn from are named: whose they are, and what to do with them.
struct OtherNetworksTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func expectRefusal(_ file: String, saying words: String) throws {
    let result = try run("--model \(file) --out x.png")
    #expect(result.status != 0 && result.errors.hasPrefix("sample: \(file): "), "\(result.errors)")
    #expect(result.errors.contains(words), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }

  /// Small made-up files with the names of each code base's tensors.
  @Test(arguments: [
    (["inc.double_conv.0.weight"], "dome272"), (["module.inc.double_conv.0.weight"], "dome272"),
    (["nn_model.init_conv.conv1.0.weight", "nn_model.contextembed1.model.0.weight"], "TeaPearce"),
    (["nn_model.init_conv.conv2.0.weight", "sqrtab"], "TeaPearce"),
    (["time_embed.0.weight", "middle_block.0.in_norm.mlp_shared.0.weight"], "semantic diffusion"),
    (["time_embed.0.weight", "input_blocks.0.0.weight", "hwm.conv.weight"], "MedSegDiff"),
    (["seqTransEncoder.layers.0.linear1.weight"], "motion diffusion"),
    (["time_embed.0.weight", "positional_embedding", "transformer.resblocks.0.ln_1.weight"], "GLIDE"),
    (["unet.enc.64x64_conv.weight", "logvar_fourier.freqs"], "edm2"),
    (["inner_model.mapping.0.bias", "inner_model.proj_in.weight"], "k-diffusion"),
    (["cond_stage_model.a.weight", "model.diffusion_model.time_embed.0.weight"], "Stable Diffusion"),
    (["first_stage_model.a.weight", "model.diffusion_model.time_embed.0.weight"], "latent diffusion"),
    (["x_embedder.proj.weight", "blocks.0.attn.qkv.weight"], "DiT"),
  ])
  func networksAreNamed(names: [String], whose: String) throws {
    defer { cleanUp() }
    let entries = names.enumerated().map { i, name in
      "\"\(name)\": {\"dtype\": \"F32\", \"shape\": [2, 2], \"data_offsets\": [\(16 * i), \(16 * i + 16)]}"
    }
    let file = safetensors("{\(entries.joined(separator: ", "))}", data: [UInt8](repeating: 0, count: 16 * names.count))
    try Data(file).write(to: folder.appendingPathComponent("m.safetensors"))
    try expectRefusal("m.safetensors", saying: whose)
  }

  /// k-diffusion keeps its own configuration where others keep a description.
  @Test func kDiffusionsConfigurationIsNone() throws {
    defer { cleanUp() }
    let header =
      #"{"__metadata__": {"config": "{\"model\": {\"type\": \"image_transformer_v2\"}}"}, "#
      + #""inner_model.patch_in.proj.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}"#
    let file = safetensors(header, data: [UInt8](repeating: 0, count: 16))
    try Data(file).write(to: folder.appendingPathComponent("m.safetensors"))
    try expectRefusal("m.safetensors", saying: "k-diffusion")
  }

  /// `torch.jit.script(torch.nn.Linear(2, 2)).save("torchscript.pt")`.
  @Test func torchScriptIsNamed() throws {
    defer { cleanUp() }
    let file = URL(fileURLWithPath: Fixture.path("containers/torchscript.pt"))
    try FileManager.default.copyItem(at: file, to: folder.appendingPathComponent("m.pt"))
    try expectRefusal("m.pt", saying: "TorchScript")
  }

  @Test(arguments: [
    ("GGUF\u{3}\0\0\0", "GGUF"), ("\n <!doctype html><html>", "web site"), ("<html lang=en>", "web site"),
    ("version https://git-lfs.github.com/spec/v1\n", "lfs pull"),
  ])
  func otherFilesAreNamed(text: String, words: String) throws {
    defer { cleanUp() }
    try Data(text.utf8).write(to: folder.appendingPathComponent("m.pt"))
    try expectRefusal("m.pt", saying: words)
  }
}
