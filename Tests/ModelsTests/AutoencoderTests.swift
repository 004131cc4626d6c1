import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionCheckpoints
@testable import DiffusionModels

/// Autoencoders of latents, against diffusers' outputs.
struct AutoencoderTests {
  private static let fixtures = "families/latent"
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "latent-\(UUID().uuidString)"
    try FileManager.default.copyItem(atPath: Fixture.path("\(Self.fixtures)/pipeline"), toPath: folder)
  }

  private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ text: String, _ name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  /// Replaces `old`, which must be there, in the file `name`.
  private func edit(_ name: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    try #require(text.contains(old))
    try write(text.replacingOccurrences(of: old, with: new), name)
  }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "nothing was wrong"
  }

  private func expectClose(_ found: Tensor, _ expected: Tensor, _ what: String) {
    TestSupport.expectClose(found, expected, tolerance: 1e-5 * expected.largestMagnitude, what)
  }

  @Test func autoencoderKL() throws {
    defer { cleanUp() }
    let reference = try Fixture("\(Self.fixtures)/latent.reference")
    let source = try ModelSource(path: folder)
    let specification = source.specification
    #expect(specification.imageShape == [4, 8, 8] && specification.pictureShape == [3, 16, 16])
    #expect(specification.clipping == .none && !specification.canBeChecked)
    #expect(specification.summary(name: "m").hasPrefix("m: diffusers UNetModel, latents of 4×8×8, pictures of 16×16"))
    let autoencoder = try #require(try source.autoencoder())
    expectClose(autoencoder.decode(reference.tensor("z")), reference.tensor("kl_picture"), "decoded")
    expectClose(autoencoder.encode(reference.tensor("picture")), reference.tensor("kl_latents"), "encoded")
    // Memory does not grow with the number of images, so each is decoded alone.
    let second = autoencoder.decode(reference.tensor("z").rows(1..<2))
    #expect(second.values == autoencoder.decode(reference.tensor("z")).rows(1..<2).values)
  }

  /// With a number of channels of its own for the codebook, and attention's names of before diffusers 0.15.
  @Test func vqModel() throws {
    defer { cleanUp() }
    try FileManager.default.copyItem(
      atPath: Fixture.path("\(Self.fixtures)/vqvae"), toPath: "\(folder)/vqvae")
    try edit("model_index.json", "\"vae\"", "\"vqvae\"")
    try edit("model_index.json", "AutoencoderKL", "VQModel")
    let reference = try Fixture("\(Self.fixtures)/latent.reference")
    let autoencoder = try #require(try ModelSource(path: folder).autoencoder())
    #expect(autoencoder.facts.kind == "VQModel" && autoencoder.facts.scalingFactor == 0.18215)
    expectClose(autoencoder.decode(reference.tensor("z")), reference.tensor("vq_picture"), "decoded")
    expectClose(autoencoder.encode(reference.tensor("picture")), reference.tensor("vq_latents"), "encoded")
  }

  /// Also where the last group is not full, and the first of several that are as near.
  @Test(arguments: [(1, 3), (8, 1), (37, 4), (64, 5)]) func theNearestVectorIsFound(count: Int, depth: Int) throws {
    defer { cleanUp() }
    var generator = TorchGenerator(seed: UInt64(count))
    var vectors = generator.randn(count * depth)
    if count > 16 { vectors.replaceSubrange(16 * depth..<17 * depth, with: vectors[3 * depth..<4 * depth]) }
    let weights = Weights(tensors: ["embedding.weight": Tensor([count, depth], vectors)])
    var pixels = generator.randn(2 * 5 * 7 * depth)
    if count > 16 { pixels.replaceSubrange(0..<depth, with: vectors[3 * depth..<4 * depth]) }
    let found = try Codebook(weights, count: count, depth: depth).nearest(Tensor([2, 5, 7, depth], pixels)).values
    for pixel in 0..<70 {
      let z = pixels[pixel * depth..<(pixel + 1) * depth]
      let distances = (0..<count).map { code in
        zip(z, vectors[code * depth..<(code + 1) * depth]).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      let nearest = try #require(distances.indices.min { distances[$0] < distances[$1] })
      #expect(
        Array(found[pixel * depth..<(pixel + 1) * depth]) == Array(vectors[nearest * depth..<(nearest + 1) * depth]))
    }
  }

  @Test(arguments: [
    ("\"act_fn\": \"silu\"", "\"act_fn\": \"gelu\"", "\"act_fn\" is gelu, but only silu"),
    ("DownEncoderBlock2D", "AttnDownEncoderBlock2D", "\"down_block_types\" is AttnDownEncoderBlock2D, but only"),
    ("UpDecoderBlock2D", "UpBlock2D", "\"up_block_types\" is UpBlock2D, but only UpDecoderBlock2D"),
    ("\"norm_num_groups\": 4", "\"norm_num_groups\": 5", "\"norm_num_groups\" is 5, but only a divisor"),
    ("\"norm_num_groups\": 4", "\"norm_num_groups\": 0", "\"norm_num_groups\" is 0, but only 1 to 65536"),
    ("\"layers_per_block\": 1", "\"layers_per_block\": 1000000", "\"layers_per_block\" is 1000000, but only 1 to 64"),
    ("\"layers_per_block\": 1", "\"layers_per_block\": 1, \"attention_head_dim\": 8", "\"attention_head_dim\" is 8"),
    ("\"latent_channels\": 4", "\"latent_channels\": 99999999", "\"latent_channels\" is 99999999, but only 1 to 1024"),
    ("\"in_channels\": 3", "\"in_channels\": 1", "\"in_channels\" is 1, but only as many as out_channels"),
    ("\"scaling_factor\": 0.3", "\"scaling_factor\": 0", "\"scaling_factor\" is 0.0, but only"),
    ("\"shift_factor\": null", "\"shift_factor\": 0.1", "\"shift_factor\" is 0.1, but only null"),
    ("\"latents_mean\": null", "\"latents_mean\": [1]", "\"latents_mean\" is 1 numbers, but only null"),
    (
      "\"_class_name\": \"AutoencoderKL\"", "\"_class_name\": \"AutoencoderTiny\"", "\"_class_name\" is AutoencoderTiny"
    ),
    ("\"block_out_channels\"", "\"block_out_channels\": [], \"x\"", "\"block_out_channels\" is 0 widths, but only"),
  ])
  func otherConfigurationsAreRefused(old: String, new: String, said: String) throws {
    defer { cleanUp() }
    try edit("vae/config.json", old, new)
    let message = message { _ = try ModelSource(path: folder) }
    #expect(message.hasPrefix("\(folder)/vae/config.json: \(said)"), "\(message)")
  }

  @Test func otherPipelinesAreRefused() throws {
    defer { cleanUp() }
    let open = { _ = try ModelSource(path: folder).autoencoder() }
    let index = try String(contentsOfFile: "\(folder)/model_index.json", encoding: .utf8)
    try write(index.replacingOccurrences(of: "AutoencoderKL", with: "AsymmetricAutoencoderKL"), "model_index.json")
    #expect(message(open).contains("\"vae\" is AsymmetricAutoencoderKL, but only VQModel and AutoencoderKL"))
    try write(index.replacingOccurrences(of: "\"vae\"", with: "\"vqvae\""), "model_index.json")
    #expect(message(open).contains("\(folder)/vqvae/config.json"))
    try write(
      index.replacingOccurrences(of: "\"vae\"", with: "\"vqvae\": [\"a\", \"VQModel\"], \"vae\""), "model_index.json")
    #expect(message(open).contains("\"vqvae\" is VQModel, but only pipelines with one autoencoder"))
    try write(index, "model_index.json")

    try edit("vae/config.json", "\"latent_channels\": 4", "\"latent_channels\": 3")
    #expect(message(open).contains("latents of 4 channels, but those of its AutoencoderKL"))
    try edit("vae/config.json", "\"latent_channels\": 3", "\"latent_channels\": 4")
    try edit("vae/config.json", "\"mid_block_add_attention\": true", "\"mid_block_add_attention\": false")
    #expect(message(open).contains("has no place in a diffusers AutoencoderKL"))
    try edit("vae/config.json", "\"layers_per_block\": 1", "\"layers_per_block\": 2")
    #expect(message(open).contains("has no tensor decoder.up_blocks.0.resnets.2.norm1.weight"))
  }

  /// The scheduler's file decides; without one, latents are left as they are.
  @Test func latentsAreNotClipped() throws {
    defer { cleanUp() }
    try FileManager.default.removeItem(atPath: "\(folder)/scheduler")
    #expect(try ModelSource(path: folder).specification.clipping == .none)
    try FileManager.default.createDirectory(atPath: "\(folder)/scheduler", withIntermediateDirectories: true)
    try write(#"{"_class_name": "DDPMScheduler", "clip_sample": true}"#, "scheduler/scheduler_config.json")
    #expect(try ModelSource(path: folder).specification.clipping == .range(1))
  }

  /// Latents of 5 steps of DDIM, and what becomes of them.
  ///
  /// The weights are random, and the latents so far from all vectors of the codebook that for some the nearest two
  /// differ by less than float32 can tell; which is taken there goes by the last bit of PyTorch's square root, which is
  /// not always the correctly rounded one. So an error is allowed around these, as large as it is in the reference if
  /// its latents change in their last bits.
  @Test(.enabled(if: FamilyReference.isThere)) func reference() throws {
    defer { cleanUp() }
    let path = try #require(FamilyReference.path("ldm/diffusers-ldm"))
    let reference = try FamilyReference("ldm/diffusers-ldm/reference.npz")
    let source = try ModelSource(path: path)
    let network = try source.network()
    let process = source.specification.process.diffusion(
      timesteps: try reference.tensor("timesteps").values.map { Int($0) }.reversed())
    let context = SamplingContext(
      process: process, model: { network($0, NetworkInputs(conditioning: $1)) }, clipping: source.specification.clipping
    )
    var (x, sampler) = (try reference.tensor("noise"), DDIM(eta: 0, keepsEpsilon: true))
    for i in (0..<5).reversed() { x = sampler.step(x, i, context) { Tensor(zeros: x.shape) }.x }
    let latents = try reference.tensor("latents")
    TestSupport.expectClose(x, latents, tolerance: 1e-6 * latents.largestMagnitude)
    let autoencoder = try #require(try source.autoencoder())
    let (picture, expected) = (autoencoder.decode(x), try reference.tensor("image"))
    let errors = zip(picture.values, expected.values).map { abs($0 - $1) / expected.largestMagnitude }
    #expect(errors.count { $0 > 1e-3 } < errors.count / 40)
    TestSupport.expectClose(picture, expected, tolerance: 0.02 * expected.largestMagnitude)
  }
}
