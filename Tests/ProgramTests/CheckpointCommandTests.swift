import DiffusionFiles
import DiffusionImages
import Foundation
import TestSupport
import Testing

/// `sample inspect`, `sample convert`, super-resolution, and the command lines of the original's READMEs.
struct CheckpointCommandTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func exists(_ name: String) -> String {
    "sample: the model to be written: \(name) exists; type --overwrite to replace it, or choose another name\n"
  }

  @Test func inspectSaysWhatACheckpointIs() throws {
    defer { cleanUp() }
    let result = try run("inspect --json \(Fixture.path("unet/guided-updown-class.pt")) --image-size 16")
    #expect(result.status == 0, "\(result.errors)")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    #expect(json["family"] as? String == "guided-diffusion")
    #expect(json["kind"] as? String == "UNetModel")
    #expect(json["container"] as? String == "PyTorch zip")
    #expect(json["parameters"] as? Int == 829_254)
    #expect((json["levels"] as? [[String: Any]])?.map { $0["channels"] as? Int } == [32, 64])
    let facts = try #require(json["facts"] as? [[String: String]])
    func fact(_ key: String) -> [String] {
      facts.filter { $0["key"] == key }.flatMap { [$0["value"] ?? "", $0["source"] ?? ""] }
    }
    #expect(fact("num_classes") == ["7", "read off the tensors"])
    #expect(fact("image_size") == ["16", "said on the command line"])
    #expect(fact("num_heads") == ["4", "assumed, as guided-diffusion does"])
    #expect(fact("rescale_timesteps") == ["False", "assumed, as guided-diffusion does"])
  }

  @Test(arguments: [
    ("unet/guided-classifier.weights.safetensors", "family      guided-diffusion EncoderUNetModel"),
    ("unet/improved-1d.weights.safetensors", "family      improved-diffusion UNetModel"),
    ("unet/improved-3d.weights.safetensors", "family      improved-diffusion UNetModel"),
    ("diffusers/ddpm-cifar-like", "file        PyTorch zip, diffusers' names; F32"),
  ])
  func inspectKnowsEveryFamily(model: String, line: String) throws {
    defer { cleanUp() }
    let result = try run("inspect \(Fixture.path(model))")
    #expect(result.status == 0, "\(result.errors)")
    #expect(String(decoding: result.output, as: UTF8.self).contains("\n\(line)"))
  }

  /// A folder of diffusers and a `.pt` with flags become files that need neither, and draw the same pixels.
  @Test(arguments: [
    ("diffusers/default-like", ""), ("diffusers/ddpm-cifar-like", ""),
    ("unet/guided-neworder.weights.safetensors", ""),
    ("unet/guided-updown-class.pt", "--image-size 16 --num-head-channels 32 --noise-schedule cosine"),
  ])
  func convertedModelsDrawTheSame(model: String, flags: String) throws {
    defer { cleanUp() }
    let path = Fixture.path(model)
    let converted = try run("convert \(path) m.safetensors \(flags)")
    #expect(converted.status == 0, "\(converted.errors)")
    try run("--model \(path) \(flags) --steps 3 --seed 5 --out a.npy")
    let drawn = try run("--model m.safetensors --steps 3 --seed 5 --out b.npy")
    #expect(drawn.status == 0, "\(drawn.errors)")
    #expect(!drawn.errors.contains("assumed") && !drawn.errors.contains("warning"), "\(drawn.errors)")
    #expect(try bytes("a.npy") == bytes("b.npy"))
    let again = try run("convert \(path) m.safetensors \(flags)")
    #expect(again.errors == exists("m.safetensors"))
    #expect(try run("convert \(path) m.safetensors --half --overwrite \(flags)").status == 0)
    try run("--model m.safetensors --steps 3 --seed 5 --out c.npy")
    let (full, half) = (try readNPY(bytes("a.npy"), path: "a"), try readNPY(bytes("c.npy"), path: "c"))
    // Weights of 11 bits: a few thousandths of pictures that reach from -1 to 1.
    expectClose(half, full, tolerance: 0.05, model)
  }

  /// What becomes a `.pt` needs no flags either, as long as its description lies beside it, and is the same model.
  @Test(arguments: [
    ("diffusers/ddpm-cifar-like", ""),
    ("unet/guided-updown-class.pt", "--image-size 16 --num-head-channels 32 --noise-schedule cosine"),
  ])
  func convertedToPyTorchAndBack(model: String, flags: String) throws {
    defer { cleanUp() }
    let path = Fixture.path(model)
    let converted = try run("convert \(path) m.pt \(flags)")
    #expect(converted.status == 0, "\(converted.errors)")
    #expect(
      converted.errors.hasSuffix(
        """
         parameters as float32, with the description above in m.pt.json

        """), "\(converted.errors)")
    #expect(try files == ["m.pt", "m.pt.json"])
    try run("--model \(path) \(flags) --steps 3 --seed 5 --out a.npy")
    let drawn = try run("--model m.pt --steps 3 --seed 5 --out b.npy")
    #expect(drawn.status == 0, "\(drawn.errors)")
    #expect(!drawn.errors.contains("assumed") && !drawn.errors.contains("warning"), "\(drawn.errors)")
    #expect(try bytes("a.npy") == bytes("b.npy"))

    // There and back: the same file as straight from the original, and the same again.
    try run("convert \(path) direct.safetensors \(flags)")
    try run("convert m.pt back.safetensors")
    #expect(try bytes("direct.safetensors") == bytes("back.safetensors"))
    try run("convert back.safetensors again.pth")
    #expect(try bytes("again.pth") == bytes("m.pt") && bytes("again.pth.json") == bytes("m.pt.json"))

    #expect(try run("convert --half back.safetensors half.pt").status == 0)
    let report = String(decoding: try run("inspect half.pt").output, as: UTF8.self)
    #expect(report.contains("\nfile        PyTorch zip; F16"), "\(report)")
  }

  @Test func conversionReplacesNothingUnasked() throws {
    defer { cleanUp() }
    let path = Fixture.path("unet/guided-neworder.weights.safetensors")
    try Data([7]).write(to: folder.appendingPathComponent("m.pt.json"))
    let refused = try run("convert \(path) m.pt")
    #expect(refused.status == 1)
    #expect(
      refused.errors == exists("m.pt.json"))
    #expect(try files == ["m.pt.json"] && bytes("m.pt.json") == [7])
    #expect(try run("convert \(path) m.pt --overwrite").status == 0)
    #expect(try files == ["m.pt", "m.pt.json"] && bytes("m.pt.json").first == UInt8(ascii: "{"))
    let wrong = try run("convert \(path) m.ckpt")
    #expect(wrong.status == 64 && wrong.errors.contains("for diffusers, not m.ckpt"))
    // What float16 cannot hold, and a folder in the way: the files that were there stay.
    try Data(contentsOf: folder.appendingPathComponent("m.pt")).write(to: folder.appendingPathComponent("n.pt"))
    try run("convert n.pt large.safetensors")
    var large = try bytes("large.safetensors")
    large.replaceSubrange(large.count - 4..<large.count, with: [0, 0, 0x80, 0x47])
    try Data(large).write(to: folder.appendingPathComponent("large.safetensors"))
    let before = try bytes("m.pt")
    let overflow = try run("convert large.safetensors m.pt --half --overwrite")
    #expect(overflow.status == 1 && overflow.errors.contains("but float16 ends at 65504"), "\(overflow.errors)")
    #expect(try bytes("m.pt") == before)
    #expect(try files == ["large.safetensors", "m.pt", "m.pt.json", "n.pt"])
  }

  @Test func superResolution() throws {
    defer { cleanUp() }
    let model = Fixture.path("unet/improved-superres.weights.safetensors")
    // Two pictures of 8×8, without labels.
    let pixels = (0..<2 * 8 * 8 * 3).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let archive = plainNPZ([(name: "arr_0", shape: [2, 8, 8, 3], elements: .uint8(pixels))])
    try Data(archive).write(to: folder.appendingPathComponent("s.npz"))
    let both = try run("--model \(model) --low-res s.npz -n 3 --batch 2 --steps 2 --seed 1 --out b.npy")
    #expect(both.status == 0, "\(both.errors)")
    let x = try readNPY(bytes("b.npy"), path: "b")
    #expect(x.shape == [3, 3, 16, 16])
    // The third enlarges the first picture again, from its own noise; the first is what it is alone, from a PNG of it.
    let picture = Picture(width: 8, height: 8, channels: 3, pixels: Array(pixels[..<192]))
    try Data(picture.png()).write(to: folder.appendingPathComponent("s.png"))
    try run("--model \(model) --low-res s.png --steps 2 --seed 1 --out a.npy")
    #expect(try readNPY(bytes("a.npy"), path: "a").values == x.rows(0..<1).values)
    #expect(x.rows(2..<3).values != x.rows(0..<1).values)
    let large = Picture(width: 24, height: 8, channels: 1, pixels: [UInt8](repeating: 0, count: 192))
    try Data(large.png()).write(to: folder.appendingPathComponent("l.png"))
    let refused = try run("--model \(model) --low-res l.png --out y.png")
    #expect(refused.errors.contains("l.png: has 24×8 pixels, more than the 16×16 that"), "\(refused.errors)")
  }

  /// Flags of the READMEs of improved- and guided-diffusion, pasted unchanged, with a small model of the same kind. Its
  /// shapes are others, so those flags that say shapes are errors: all of them are understood, and the first
  /// contradiction is named.
  @Test(arguments: [
    """
    --attention_resolutions 32,16,8 --class_cond True --diffusion_steps 1000 --dropout 0.1 --image_size 64 \
    --learn_sigma True --noise_schedule cosine --num_channels 192 --num_head_channels 64 --num_res_blocks 3 \
    --resblock_updown True --use_new_attention_order True --use_fp16 True --use_scale_shift_norm True --batch_size 4 \
    --num_samples 100 --timestep_respacing 250
    """,
    """
    --attention_resolutions 32,16,8 --class_cond True --diffusion_steps 1000 --large_size 256  --small_size 64 \
    --learn_sigma True --noise_schedule linear --num_channels 192 --num_heads 4 --num_res_blocks 2 \
    --resblock_updown True --use_fp16 True --use_scale_shift_norm True --base_samples 64_samples.npz --batch_size 4 \
    --num_samples 100 --timestep_respacing 250
    """,
    """
    --image_size 64 --num_channels 128 --num_res_blocks 3 --learn_sigma True --diffusion_steps 4000 \
    --noise_schedule cosine --use_kl True --use_ddim True --timestep_respacing ddim250 --num_samples 8
    """,
    """
    --image_size 256 --num_channels 128 --num_res_blocks 2 --num_heads 1 --learn_sigma True \
    --use_scale_shift_norm False --attention_resolutions 16 --diffusion_steps 1000 --noise_schedule linear \
    --rescale_learned_sigmas False --rescale_timesteps False
    """,
  ])
  func pastedFlagsAreUnderstood(flags: String) throws {
    defer { cleanUp() }
    let model = Fixture.path("unet/guided-updown-class.pt")
    let result = try run("--model_path \(model) \(flags)")
    #expect(
      result.errors.hasPrefix("sample: --num-channels ") && result.errors.contains("whose tensors say 32"),
      "\(result.errors)")
  }

  /// The scripts' defaults: ancestral sampling, and an archive named by its shape.
  @Test func pastedFlagsDrawAsTheScriptsDo() throws {
    defer { cleanUp() }
    let model = Fixture.path("unet/guided-updown-class.pt")
    let flags =
      """
      --attention_resolutions 8 --class_cond True --diffusion_steps 1000 --dropout 0.1 --image_size 16 \
      --learn_sigma True --noise_schedule linear --num_channels 32 --num_head_channels 32 --num_res_blocks 1 \
      --resblock_updown True --use_fp16 True --use_scale_shift_norm True
      """
    let result = try run("\(flags) --model_path \(model) --batch_size 2 --num_samples 3 --timestep_respacing 4")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try files == ["samples_3x16x16x3.npz"])
    #expect(result.errors.contains("4 DDPM steps"), "\(result.errors)")
    let archive = try NPZArchive(bytes("samples_3x16x16x3.npz"), path: "s")
    #expect(try archive.array("arr_0").shape == [3, 16, 16, 3])
    #expect(try archive.array("arr_1").shape == [3])
  }
}
