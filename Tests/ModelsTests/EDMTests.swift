import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionCheckpoints
@testable import DiffusionModels

/// The networks of NVlabs/edm, without their preconditioning.
struct EDMNetworkTests {
  private static func source(_ file: String) throws -> ModelSource {
    try ModelSource(path: Fixture.path("families/edm/\(file)"))
  }

  @Test(arguments: ["ddpmpp-edm", "ncsnpp-ve", "skip-iddpm", "adm-vp"])
  func agreesWithTheOriginal(name: String) throws {
    let reference = try Fixture("families/edm/\(name).reference")
    let network = try Self.source(name + ".pkl").network()
    let labels = reference.names.contains("labels") ? reference.integers("labels").prefix(2).map { Optional($0) } : nil
    let found = network(
      reference.tensor("raw_x"),
      NetworkInputs(conditioning: reference.tensor("raw_noise_labels").values, labels: labels))
    let expected = reference.tensor("raw")
    expectClose(found, expected, tolerance: 1e-5 * expected.largestMagnitude, name)
  }

  /// A head's queries, keys and values take turns.
  @Test func attentionWithSeveralHeads() throws {
    let (channels, heads, positions) = (24, 3, 4)
    var generator = SystemRandomNumberGenerator()
    func random(_ shape: [Int]) -> Tensor {
      Tensor(shape, (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &generator) })
    }
    let tensors = [
      "norm2.weight": random([channels]), "norm2.bias": random([channels]),
      "qkv.weight": random([3 * channels, channels, 1, 1]), "qkv.bias": random([3 * channels]),
      "proj.weight": random([channels, channels, 1, 1]), "proj.bias": random([channels]),
    ]
    let attention = try EDMAttention(
      Weights(tensors: tensors), channels: channels, heads: heads, epsilon: 1e-5, scale: 0.5)
    let x = random([1, 2, 2, channels])
    func tensor(_ name: String) -> [Float] { tensors[name]?.values ?? [] }
    let groups = EDMShape.groups(channels)
    let per = channels / groups
    func normal(_ p: Int, _ c: Int) -> Float {
      let members = (0..<positions).flatMap { p in (0..<per).map { x[p * channels + c / per * per + $0] } }
      let mean = members.reduce(0, +) / Float(members.count)
      let variance = members.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(members.count)
      return (x[p * channels + c] - mean) / (variance + 1e-5).squareRoot() * tensor("norm2.weight")[c]
        + tensor("norm2.bias")[c]
    }
    let norm = (0..<positions).map { p in (0..<channels).map { normal(p, $0) } }
    func qkv(_ p: Int, _ row: Int) -> Float {
      (0..<channels).reduce(tensor("qkv.bias")[row]) { $0 + tensor("qkv.weight")[row * channels + $1] * norm[p][$1] }
    }
    let depth = channels / heads
    // Channel c of head h has its query, key and value in rows (h·depth + c)·3 + j.
    func part(_ j: Int, _ h: Int, _ c: Int, _ p: Int) -> Float { qkv(p, (h * depth + c) * 3 + j) }
    var mixed = [Float](repeating: 0, count: positions * channels)
    for h in 0..<heads {
      for p in 0..<positions {
        let scores = (0..<positions).map { k in
          exp((0..<depth).reduce(0) { $0 + part(0, h, $1, p) * part(1, h, $1, k) } / Float(depth).squareRoot())
        }
        for c in 0..<depth {
          mixed[p * channels + h * depth + c] =
            (0..<positions).reduce(0) { $0 + scores[$1] * part(2, h, c, $1) } / scores.reduce(0, +)
        }
      }
    }
    let expected = (0..<positions * channels).map { i -> Float in
      let (p, c) = i.quotientAndRemainder(dividingBy: channels)
      let projected = (0..<channels).reduce(tensor("proj.bias")[c]) {
        $0 + tensor("proj.weight")[c * channels + $1] * mixed[p * channels + $1]
      }
      return (x[i] + projected) * 0.5
    }
    expectClose(attention(x), Tensor(x.shape, expected), tolerance: 1e-4)
  }

  /// No class adds nothing but the bias.
  @Test func aMissingClassIsNone() throws {
    let network = try Self.source("ddpmpp-edm.pkl").network()
    let x = try Fixture("families/edm/ddpmpp-edm.reference").tensor("raw_x")
    let inputs = NetworkInputs(conditioning: [0.5, 0.5], labels: [nil, 2])
    #expect(network(x, inputs).values != network(x, NetworkInputs(conditioning: [0.5, 0.5], labels: [2, 2])).values)
  }

  @Test func whatItSaysOfItself() throws {
    let source = try Self.source("ddpmpp-edm.pkl")
    #expect(source.specification.isFullyDescribed && source.weightsKind.kind == "EMA")
    let attributes = source.checkpoint.state.origin.attributes
    #expect(attributes["class_name"] == .string("EDMPrecond") && attributes["model.class_name"] == .string("SongUNet"))
    #expect(attributes["sigma_data"] == .float(0.5) && attributes["use_fp16"] == .bool(true))
    #expect(attributes["model.dec.8x8_in0.num_heads"] == .integer(1))
    #expect(source.specification.conventions.drawsImagesApart && source.specification.clipping == .none)
    #expect(try Inspection(source).levels.map(\.channels) == [8, 16])
    #expect(try Self.source("skip-iddpm.pkl").specification.process.continuous?.learnsVariance == true)
  }

  /// Variants that are known by name only; each changes a word in a sound file, everywhere.
  @Test(arguments: [
    ("ddpmpp-edm.pkl", "EDMPrecond", "XYZPrecond", "the class XYZPrecond, which is none of the preconditionings"),
    ("ddpmpp-edm.pkl", "sigma_data", "sigma_xxxx", "does not say what its sigma_data is"),
    ("adm-vp.pkl", "beta_min", "beta_xxx", "does not say what its beta_min is"),
    ("ddpmpp-edm.pkl", "8x8_in0", "8x8_xxx", "has no tensor dec.8x8_in0.conv0.weight"),
    ("ddpmpp-edm.pkl", "8x8_block0", "4x4_block0", "has no tensor"),
  ])
  func variantsAreRefusedByName(file: String, word: String, other: String, said: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("families/edm/\(file)")))
    let changed = try TemporaryFile(replacing([UInt8](data), word, other))
    do {
      _ = try ModelSource(path: changed.path)
      Issue.record("\(other) was taken")
    } catch { #expect(error.description.contains(said), "\(error)") }
  }

  /// Relatives, by the names of their tensors.
  @Test(arguments: [
    (["unet.emb_fourier.freqs", "logvar_fourier.freqs"], "a network of NVlabs/edm2"),
    (["mapping.fc0.weight", "synthesis.b4.const"], "a StyleGAN generator"),
    (["b8.conv0.weight", "b4.mbstd.weight"], "a StyleGAN discriminator"),
  ])
  func relativesAreRefusedByName(names: [String], said: String) throws {
    let entries = names.enumerated().map { i, name in
      #""\#(name)":{"dtype":"F32","shape":[1],"data_offsets":[\#(4 * i),\#(4 * i + 4)]}"#
    }
    let file = try TemporaryFile(
      safetensors("{\(entries.joined(separator: ","))}", data: [UInt8](repeating: 0, count: 4 * names.count)))
    do {
      _ = try ModelSource(path: file.path)
      Issue.record("\(names) were taken")
    } catch { #expect(error.description.contains(said), "\(error)") }
  }

  private func replacing(_ bytes: [UInt8], _ word: String, _ other: String) -> [UInt8] {
    var bytes = bytes
    let (old, new) = (Array(word.utf8), Array(other.utf8))
    for i in 0..<bytes.count - old.count where bytes[i] == old[0] && bytes[i..<i + old.count].elementsEqual(old) {
      bytes.replaceSubrange(i..<i + old.count, with: new)
    }
    return bytes
  }
}
