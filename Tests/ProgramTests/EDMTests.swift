import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Files of NVlabs/edm, against what its `generate.py` draws.
struct EDMTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private static func path(_ name: String) -> String { Fixture.path("families/edm/\(name)") }

  /// A stream of noise for each image, classes from it, churn, and pixels.
  @Test(arguments: [
    ("ddpmpp-edm", "SongUNet", "--count 3 --s-churn 40"), ("ncsnpp-ve", "SongUNet", "--count 2 --steps 5"),
    ("skip-iddpm", "SongUNet", "--count 2 --s-churn 20"), ("adm-vp", "DhariwalUNet", "--count 2 --steps 5"),
  ])
  func drawsWhatGenerateDraws(name: String, network: String, options: String) throws {
    defer { cleanUp() }
    let reference = try Fixture("families/edm/\(name).reference")
    let line = "--rng torch --seed 0 \(options)"
    let result = try run("--model \(Self.path(name + ".pkl")) \(line) --out x.npy")
    try #require(result.status == 0, "\(result.errors)")
    let found = "\(name).pkl: edm \(network), 16×16"
    #expect(result.errors.contains(found) && !result.errors.contains("assumed"), "\(result.errors)")
    let expected = reference.tensor("x_0")
    let x = try readNPY(try bytes("x.npy"), path: "x.npy")
    expectClose(x, expected, tolerance: 1e-5 * expected.largestMagnitude, name)

    // In batches of one, converted, and as pixels with the classes.
    let converted = try run("convert \(Self.path(name + ".pkl")) m.safetensors")
    try #require(converted.status == 0, "\(converted.errors)")
    let again = try run("--model m.safetensors \(line) --batch 1 --threads 1 --out y.npy")
    try #require(again.status == 0, "\(again.errors)")
    #expect(try bytes("y.npy") == bytes("x.npy"))
    try run("--model m.safetensors \(line) --out x.npz")
    let archive = try NPZArchive(try bytes("x.npz"), path: "x.npz")
    guard case .uint8(let pixels) = try archive.array("arr_0").elements else {
      Issue.record("pixels are not bytes")
      return
    }
    let differences = zip(pixels, reference.bytes("pixels")).map { abs(Int($0) - Int($1)) }
    #expect(differences.allSatisfy { $0 <= 1 } && differences.count { $0 > 0 } <= 2)
    guard reference.names.contains("labels") else { return }
    guard case .int64(let labels) = try archive.array("arr_1").elements else {
      Issue.record("labels are no integers")
      return
    }
    #expect(labels.map(Int.init) == reference.integers("labels"))
  }

  /// Raw weights in a trainer's state, and a state dict, in which the preconditioning is not seen.
  @Test(arguments: [
    ("training-state-000001.pt", "", "PyTorch zip, under net"),
    ("state_dict.pt", "", "assumed (defaults): process edm"),
    ("state_dict.pt", "--process edm", "process edm as typed"),
  ])
  func otherContainers(file: String, options: String, said: String) throws {
    defer { cleanUp() }
    let expected = try Fixture("families/edm/ddpmpp-edm.reference").tensor("x_0")
    let line = "--model \(Self.path(file)) \(options) --rng torch --seed 0 --count 3 --s-churn 40 --out x.npy"
    let result = try run(line)
    try #require(result.status == 0, "\(result.errors)")
    let inspected = String(decoding: try run("inspect \(Self.path(file)) \(options)").output, as: UTF8.self)
    #expect(result.errors.contains(said) || inspected.contains(said), "\(result.errors)\(inspected)")
    let x = try readNPY(try bytes("x.npy"), path: "x.npy")
    expectClose(x, expected, tolerance: 1e-5 * expected.largestMagnitude, file)
    #expect(try run("\(line) --overwrite --dry-run").status == 0)
  }

  /// The process that was typed is the one that is used.
  @Test func aProcessCanBeTyped() throws {
    defer { cleanUp() }
    let line = "--model \(Self.path("adm-vp.pkl")) --seed 0 --steps 2"
    #expect(try run("\(line) --out x.npy").status == 0)
    #expect(try run("\(line) --process edm-vp --out y.npy").status == 0)
    #expect(try run("\(line) --process edm-ve --out z.npy").status == 0)
    #expect(try bytes("x.npy") == bytes("y.npy"))
    #expect(try bytes("x.npy") != bytes("z.npy"))
  }

  @Test(arguments: [
    ("--num-heads 4", "--num-heads is no setting of a SongUNet"), ("--image-size 32", "contradicts"),
    ("--network release=1.0.0", "have no such settings"), ("--class 5", "0 to 4"),
  ])
  func refusesWhatItHasNot(options: String, said: String) throws {
    defer { cleanUp() }
    let result = try run("--model \(Self.path("ddpmpp-edm.pkl")) --out x.png \(options)")
    #expect(result.status != 0 && result.errors.contains(said), "\(result.errors)")
  }
}

/// The files that all families are compared with; they are not in every checkout.
private let references = Fixture.path("../../../shared/reference/families/edm")

/// Larger networks of each architecture, drawn by the paper's sampler.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: references)))
struct EDMReferenceTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  @Test(arguments: [
    ("cifar-cond-ddpmpp-edm", "network-snapshot-200000.pkl"),
    ("cifar-cond-ddpmpp-edm", "state_dict.pt"), ("ddpmpp-vp", "network-snapshot-200000.pkl"),
    ("ncsnpp-ve", "network-snapshot-200000.pkl"), ("skip-skip-edm", "network-snapshot-200000.pkl"),
    ("adm-edm-cond", "network-snapshot-200000.pkl"),
  ])
  func drawsWhatItsSamplerDraws(name: String, file: String) throws {
    defer { cleanUp() }
    let npz = "\(references)/\(name)/reference.npz"
    let archive = try NPZArchive([UInt8](try Data(contentsOf: URL(fileURLWithPath: npz))), path: npz)
    var classes = ""
    if archive.names.contains("y"), case .int64(let labels) = try archive.array("y").elements {
      classes = "--class " + labels.map { "\($0)" }.joined(separator: ",")
    }
    let latents = try archive.array("latents")
    try Data(npy(latents.shape, latents.elements)).write(to: folder.appendingPathComponent("noise.npy"))
    let model = "\(references)/\(name)/\(file)"
    for steps in [5, 18] {
      let result = try run(
        "--model \(model) --count 2 --noise noise.npy --steps \(steps) \(classes) --out x\(steps).npy"
      )
      try #require(result.status == 0, "\(result.errors)")
      let reference = try archive.array("heun\(steps)")
      guard case .float64(let values) = reference.elements else { preconditionFailure("heun\(steps) is not float64") }
      let largest = Float(values.map(abs).max() ?? 0)
      let x = try readNPY(try bytes("x\(steps).npy"), path: "x.npy")
      let error = zip(x.values, values).map { abs($0 - Float($1)) }.max() ?? .infinity
      #expect(error <= 1e-5 * largest, "\(name), \(steps) steps: \(error / largest)")
    }
  }
}
