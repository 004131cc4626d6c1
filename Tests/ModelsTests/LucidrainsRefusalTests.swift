import DiffusionModels
import Foundation
import TestSupport
import Testing

/// Networks of denoising-diffusion-pytorch that cannot be drawn from are named, by small files of their names.
struct LucidrainsRefusalTests {
  private func error(_ tensors: [(String, [Int])], _ settings: StatedSettings = StatedSettings()) throws -> String {
    var (header, bytes): ([String], Int) = ([], 0)
    for (name, shape) in tensors {
      let count = 4 * shape.reduce(1, *)
      header.append(#""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(bytes),\#(bytes + count)]}"#)
      bytes += count
    }
    let file = try TemporaryFile(
      safetensors("{\(header.joined(separator: ","))}", data: [UInt8](repeating: 0, count: bytes)))
    let error = #expect(throws: ModelError.self) { try ModelSource(path: file.path, stated: settings) }
    return error?.description.replacingOccurrences(of: file.path, with: "m") ?? ""
  }

  private static let time = [("time_mlp.1.weight", [16, 4]), ("time_mlp.3.weight", [16, 16])]

  static let networks: [(what: String, tensors: [(String, [Int])])] = [
    ("a network with Mish of a release before 0.7", time + [("downs.0.0.block1.block.0.weight", [4, 3, 3, 3])]),
    ("a ConvNeXt network of a release before 0.11", time + [("downs.0.0.ds_conv.weight", [3, 1, 7, 7])]),
    (
      "a network of a release before 0.16",
      time + [("init_conv.weight", [4, 3, 7, 7]), ("downs.0.0.block1.block.0.weight", [4, 4, 3, 3])]
    ),
    (
      "a network of a release before 0.22, with one skip a level",
      time + [
        ("init_conv.weight", [4, 3, 7, 7]), ("downs.0.0.block1.proj.weight", [4, 4, 3, 3]),
        ("mid_block1.block1.proj.weight", [4, 4, 3, 3]),
      ]
    ),
    (
      "a Unet1D",
      time + [("init_conv.weight", [4, 3, 7]), ("downs.0.0.block1.proj.weight", [4, 4, 3])]
    ),
    (
      "a network in three dimensions",
      time + [("init_conv.weight", [4, 3, 1, 7, 7]), ("downs.0.0.block1.proj.weight", [4, 4, 1, 3, 3])]
    ),
    (
      "a UViT (simple_diffusion)",
      time + [
        ("init_conv.weight", [4, 3, 7, 7]), ("downs.0.0.block1.proj.weight", [4, 4, 3, 3]),
      ]
    ),
    ("a KarrasUnet", [("to_time_emb.0.weights", [4]), ("input_block.weight", [4, 5, 3, 3])]),
    ("a KarrasUnet1D", [("to_time_emb.0.weights", [4]), ("input_block.weight", [4, 5, 3])]),
    ("a KarrasUnet3D", [("to_time_emb.0.weights", [4]), ("input_block.weight", [4, 5, 3, 3, 3])]),
  ]

  @Test(arguments: networks, ["", "model.", "denoise_fn."])
  func areNamed(network: (what: String, tensors: [(String, [Int])]), prefix: String) throws {
    #expect(
      try error(network.tensors.map { (prefix + $0.0, $0.1) }) == """
        m: is \(network.what) of denoising-diffusion-pytorch, which cannot be drawn from here; those of the class Unet \
        since release 0.22 are
        """)
  }

  /// The least names of a network of one level with learned frequencies.
  private static let fourier =
    time + [
      ("time_mlp.0.weights", [2]), ("init_conv.weight", [4, 3, 7, 7]), ("final_conv.weight", [3, 4, 1, 1]),
      ("downs.0.0.block1.proj.weight", [4, 4, 3, 3]), ("downs.0.0.block1.norm.g", [1, 4, 1, 1]),
      ("downs.0.2.to_qkv.weight", [12, 4, 1, 1]), ("downs.0.3.weight", [4, 4, 3, 3]),
      ("ups.0.0.block1.proj.weight", [4, 8, 3, 3]), ("ups.0.2.to_qkv.weight", [12, 4, 1, 1]),
      ("mid_block1.block1.proj.weight", [4, 4, 3, 3]), ("mid_attn.to_qkv.weight", [12, 4, 1, 1]),
    ]

  /// What such a network is told shows only in what held it.
  @Test func networksToldLogSNRAreNamed() throws {
    let held = try error(Self.fourier.map { ("model." + $0.0, $0.1) })
    #expect(held.hasPrefix("m: is a network of ContinuousTimeGaussianDiffusion or VParam"), "\(held)")
    let bare = try error(Self.fourier)
    #expect(bare.hasPrefix("m: no tensor shows how its network is told of noise; type --process diffusion"), "\(bare)")
    // Once that is said, the next thing is missing.
    var settings = StatedSettings()
    settings.process = "edm"
    #expect(try error(Self.fourier, settings).contains("--image-size N"))
    #expect(try error(Self.fourier.map { ("net." + $0.0, $0.1) }).contains("--image-size N"))
  }

  @Test func channelsThatFitNothing() throws {
    var tensors = Self.fourier
    tensors[4] = ("final_conv.weight", [8, 4, 1, 1])
    #expect(try error(tensors).contains("WeightedObjectiveGaussianDiffusion"))
    tensors[4] = ("final_conv.weight", [0, 4, 1, 1])
    #expect(try error(tensors).contains("final_conv.weight is missing or has an impossible shape"))
    tensors[4] = ("final_conv.weight", [3, 4, 1, 1])
    tensors[7] = ("downs.0.2.to_qkv.weight", [11, 4, 1, 1])
    #expect(try error(tensors).contains("has 11 rows, not three parts"))
  }
}
