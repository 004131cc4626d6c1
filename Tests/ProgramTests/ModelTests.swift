import DiffusionFiles
import DiffusionImages
import Foundation
import TensorCore
import TestSupport
import Testing

/// Checkpoints of all families, drawn with by the release binary, and what it says where something is wrong.
struct ModelTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func copy(_ fixture: String, _ name: String) throws {
    try FileManager.default.copyItem(
      atPath: Fixture.path(fixture), toPath: folder.appendingPathComponent(name).path)
  }

  private func write(_ text: String, _ name: String) throws {
    try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
  }

  /// Every family draws without a flag.
  @Test(arguments: [
    ("unet/improved-additive.weights.safetensors", 1), ("unet/improved-odd-28.weights.safetensors", 1),
    ("unet/improved-scaleshift-class.pt", 3), ("unet/guided-updown-class.pt", 3),
    ("unet/guided-neworder.weights.safetensors", 3), ("unet/guided-noconv-resample.weights.safetensors", 3),
    ("diffusers/ddpm-cifar-like", 3), ("diffusers/default-like", 1),
    ("diffusers/default-like/unet/diffusion_pytorch_model.safetensors", 1),
  ])
  func drawsWithoutFlags(model: String, channels: Int) throws {
    defer { cleanUp() }
    let result = try run("--model \(Fixture.path(model)) --steps 2 --seed 1 --out x.png")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try Picture(png: bytes("x.png")).channels == channels)
  }

  /// Images that are none are named, to those who want to hear nothing too.
  @Test func saysThatImagesAreNoNumbers() throws {
    defer { cleanUp() }
    var noise = (0..<2 * 784).map { Float($0 % 7) - 3 }
    // Their sums overflow.
    for i in 784..<2 * 784 { noise[i] = 3e38 }
    try Data(npy([2, 1, 28, 28], .float32(noise))).write(to: folder.appendingPathComponent("noise.npy"))
    let result = try run("--noise noise.npy --count 2 --steps 2 --seed 1 --quiet --out %d.png")
    #expect(result.status == 0)
    #expect(result.errors.hasPrefix("warning: 1 of 2 images have values that are no numbers"), "\(result.errors)")
  }

  @Test("Noise with NaN in it is refused, and what cannot be noise is said; so is a single step that was to be many")
  func unusualNoise() throws {
    defer { cleanUp() }
    var noise = (0..<784).map { Float($0 % 256) }
    try Data(npy([1, 1, 28, 28], .float32(noise))).write(to: folder.appendingPathComponent("bytes.npy"))
    let drawn = try run("--noise bytes.npy --steps 2 --seed 1 --out x.png")
    #expect(drawn.status == 0)
    // numpy.sqrt(numpy.mean((numpy.arange(784) % 256) ** 2.0))
    #expect(drawn.errors.hasPrefix("note: bytes.npy has a standard deviation of 145.86, where noise has 1\n"))
    noise[100] = .nan
    try Data(npy([1, 1, 28, 28], .float32(noise))).write(to: folder.appendingPathComponent("nan.npy"))
    let refused = try run("--noise nan.npy --steps 2 --seed 1 --out y.png")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("nan.npy: holds NaN or infinity"), "\(refused.errors)")
    let single = try run("--timesteps 20 --eta 0.85 --seed 1 --out z.png")
    #expect(single.errors.hasPrefix("note: --timesteps lists the steps: this is one, from timestep 20; "))
  }

  /// Without a description it is said what is assumed; with one, flags that contradict it are errors that name both.
  @Test func saysWhatIsAssumed() throws {
    defer { cleanUp() }
    try copy("unet/improved-scaleshift-class.pt", "m.pt")
    let result = try run("--model m.pt --image-size 16 --num_channels 32 --num-heads 4 --steps 2 --seed 1 --out x.png")
    #expect(
      result.errors.hasPrefix(
        """
        m.pt: improved-diffusion UNetModel, 16×16; image_size 16, num_heads 4 as typed; assumed (defaults): \
        use_new_attention_order False, diffusion_steps 1000, noise_schedule linear, \
        rescale_timesteps True, prediction epsilon
        warning: m.pt: predicts no better than nothing on drawings with noise
        """
      ), "\(result.errors)")
    #expect(try run("--model m.pt --steps 2 --seed 1 --out x.png --quiet").errors == "")
    try write(#"{"family": "improved", "num_heads": 4, "image_size": 16}"#, "m.json")
    let contradiction = try run("--model m.pt --num-heads 2 --out y.png")
    #expect(contradiction.errors == "sample: --num-heads 2 contradicts m.json, which says 4; leave --num-heads out\n")
    #expect(try files == ["m.json", "m.pt", "x.png"])
  }

  /// A flow whose description is lost (500 steps of `train --process flow` on MNIST): its process is found, and nothing
  /// else is advised where it is known. Heads are called a guess unless they are given.
  @Test func noticesAnotherProcess() throws {
    defer { cleanUp() }
    let line =
      "--model \(Fixture.path("unet/flow-digits.pt")) --image-size 28 --steps 1 --seed 1 --out x.png --overwrite"
    let guessed = try run(line)
    #expect(guessed.errors.contains("predicts better with --process flow (error 0.0"), "\(guessed.errors)")
    #expect(guessed.errors.contains("its attention heads are a guess (num_heads 4)"), "\(guessed.errors)")
    let known = try run(line + " --process flow --num-heads 4")
    #expect(known.status == 0 && !known.errors.contains("warning"), "\(known.errors)")
    #expect(try run(line + " --process rectified-flow").errors.contains("predicts no better than nothing"))
  }

  /// A trained model whose description is lost: what would be wrong about it is found and said.
  @Test func noticesWrongGuesses() throws {
    defer { cleanUp() }
    // The embedded model, without what is known of it.
    let digits = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/EmbeddedModel/digits.safetensors").standardizedFileURL
    var bytes = [UInt8](try Data(contentsOf: digits))
    let config = Array("\"config\"".utf8)
    let place = try #require((8..<100_000).first { bytes[$0..<$0 + config.count].elementsEqual(config) })
    bytes[place + 1] = UInt8(ascii: "x")
    try Data(bytes).write(to: folder.appendingPathComponent("d.safetensors"))

    func advice(_ flags: String) throws -> String {
      let result = try run("inspect d.safetensors --image-size 28 \(flags)")
      #expect(result.status == 0, "\(result.errors)")
      let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
      return lines.first { $0.hasPrefix("d.safetensors: predicts better with ") }.map(String.init) ?? "none"
    }
    #expect(try advice("--predict-xstart --noise-schedule cosine") == "none")
    #expect(try advice("").contains(" with --prediction sample --noise-schedule cosine (error 0.0"))
    #expect(try advice("--predict-xstart --noise-schedule cosine --num-heads 1").contains(" with --num-heads 4 ("))
    #expect(
      try advice("--predict-xstart --noise-schedule cosine --use-new-attention-order").contains(
        " with --use-new-attention-order False ("))
    #expect(
      try advice("--predict-xstart --noise-schedule cosine --diffusion-steps 4000 --rescale-timesteps False")
        .contains(" with --diffusion-steps 1000 ("))
  }

  @Test(arguments: [
    (
      "--num_channels 64",
      "sample: --num-channels 64 contradicts MODEL, whose tensors say 32; leave --num-channels out\n"
    ),
    (
      "--num_res_blocks 2",
      "sample: --num-res-blocks 2 contradicts MODEL, whose tensors say 1; leave --num-res-blocks out\n"
    ),
    (
      "--use_scale_shift_norm False",
      """
      sample: --use-scale-shift-norm False contradicts MODEL, whose tensors say True; leave --use-scale-shift-norm out

      """
    ),
    (
      "--resblock_updown True",
      "sample: --resblock-updown True contradicts MODEL, whose tensors say False; leave --resblock-updown out\n"
    ),
    ("--class_cond False", "sample: --class-cond False contradicts the 11 classes of MODEL; leave it out\n"),
    (
      "--image_size 15",
      "sample: MODEL: images of 15 pixels cannot be halved 1 times; --image-size must be a multiple of 2\n"
    ),
    ("--num_heads 5", "sample: MODEL: a level's 64 channels cannot be shared by 5 attention heads: change num_heads\n"),
    (
      "--num_head_channels 48",
      """
      sample: MODEL: a level's 64 channels cannot be shared by attention heads of 48 channels: change num_head_channels

      """
    ),
    (
      "--guidance 2",
      """
      sample: --guidance needs a model with a null class, and MODEL has none that is known; \
      leave --guidance out, or type --null-class and its number if it was trained with one

      """
    ),
  ])
  func wrongFlagsAreNamed(flags: String, message: String) throws {
    defer { cleanUp() }
    let model = Fixture.path("unet/improved-scaleshift-class.pt")
    let result = try run("--model \(model) \(flags) --out y.png")
    #expect(result.errors == message.replacing("MODEL", with: model))
    #expect(result.status == 1)
    #expect(try files == [])
  }

  /// What a file beside the model may say wrongly.
  @Test(arguments: [
    (
      #"{"model_channels": 64}"#,
      "m.json: \"model_channels\" is 64, but the tensors of m.pt say 32; correct it, or leave it out"
    ),
    (#"{"num_heads": 0}"#, "m.pt: num_heads is 0, but must lie within 1…4096"),
    (#"{"image_size": 2000000000}"#, "m.pt: images of 2000000000 pixels cannot be drawn"),
    (#"{"noise_schedule": "sqrt"}"#, "m.pt: the noise schedule sqrt is not known; linear, cosine,"),
    (#"{"null_class": 11}"#, "m.pt: the null class 11 is none of its 11 classes"),
    (#"{"num_classes": 5}"#, "m.json: \"num_classes\" is 5, but the tensors of m.pt say 11"),
    (#"{"family": "stable-diffusion"}"#, "m.pt: belongs to the family stable-diffusion"),
    (#"{"diffusion_steps": 0}"#, "m.pt: a process of 0 steps is not one of 1 to 100000"),
    (#"{"diffusion_steps": 717272}"#, "m.pt: a process of 717272 steps is not one of 1 to 100000"),
    (#"{"beta_start": 0.1, "beta_end": 2}"#, "m.pt: a schedule from beta_start 0.1 to beta_end 2.0 is none"),
    (#"{"learn_sigma": false}"#, "m.json: \"learn_sigma\" is false, but m.pt takes 3 channels and puts out 6"),
    (#"{"kind": "SuperResModel"}"#, "m.json: \"kind\" is SuperResModel, but the tensors of m.pt say UNetModel"),
  ])
  func wrongDescriptionsAreNamed(json: String, message: String) throws {
    defer { cleanUp() }
    try copy("unet/improved-scaleshift-class.pt", "m.pt")
    try write(json, "m.json")
    let result = try run("--model m.pt --out x.png")
    #expect(result.status == 1)
    #expect(result.errors.hasPrefix("sample: \(message)"), "\(result.errors)")
    #expect(try files == ["m.json", "m.pt"])
  }

  /// What is no diffusion model of pictures.
  @Test(arguments: [
    ("containers/zip.pt", "holds no UNet of improved-diffusion, guided-diffusion, consistency-models, "),
    ("unet/guided-classifier.weights.safetensors", "is a classifier and draws no images"),
    ("unet/improved-1d.weights.safetensors", "works on 1-dimensional data, not on images"),
    (
      "unet/improved-superres.weights.safetensors",
      """
      is a super-resolution model and needs an image to enlarge; type for instance --low-res
      """
    ),
  ])
  func otherModelsAreNamed(model: String, message: String) throws {
    defer { cleanUp() }
    let result = try run("--model \(Fixture.path(model)) --out x.png")
    #expect(result.status == 1)
    #expect(result.errors.contains("sample: \(Fixture.path(model)): \(message)"), "\(result.errors)")
    #expect(try files == [])
  }

  /// One tensor missing, one too many, one of another shape: each is named with its shape.
  @Test(arguments: [
    ("out.2.bias", "out.9.bias", "has no tensor out.2.bias, which the model needs in shape [6]"),
    (
      "time_embed.0.bias", "time_embed.9.bias",
      "has no tensor time_embed.0.bias, which the model needs in shape [128]"
    ),
    ("\"shape\":[6]", "\"shape\":[ 6,1]", "tensor out.2.bias has shape [6, 1], but the model needs [6]"),
    (
      #"{"__metadata__""#, #"{"extra":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"__metadata__""#,
      "its tensor extra of shape [0, 3] has no place in a"
    ),
  ])
  func damagedCheckpointsAreNamed(old: String, new: String, message: String) throws {
    defer { cleanUp() }
    let original = Fixture.path("unet/improved-scaleshift-class.pt")
    #expect(try run("convert \(original) m.safetensors --image-size 16 --num-heads 4").status == 0)
    var file = try bytes("m.safetensors")
    let length = Int(file[0]) | Int(file[1]) << 8 | Int(file[2]) << 16
    let header = String(decoding: file[8..<8 + length], as: UTF8.self).replacing(old, with: new)
    let size = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    file = size + Array(header.utf8) + file[(8 + length)...]
    try Data(file).write(to: folder.appendingPathComponent("m.safetensors"))
    let result = try run("--model m.safetensors --out x.png")
    #expect(result.status == 1)
    #expect(result.errors.contains("m.safetensors: \(message)"), "\(result.errors)")
  }
}
