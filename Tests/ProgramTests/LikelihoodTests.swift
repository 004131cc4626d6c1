import DiffusionImages
import Foundation
import TensorCore
import TestSupport
import Testing

/// `sample nll` by the release binary.
struct LikelihoodTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private struct Report: Decodable {
    struct Image: Decodable {
      let image: String
      let label: Int?
      let total: Float
      let prior: Float
      let vb: [Float]
      let xStartMSE: [Float]
      let mse: [Float]

      enum CodingKeys: String, CodingKey {
        case image, vb, mse
        case label = "class"
        case total = "total_bpd"
        case prior = "prior_bpd"
        case xStartMSE = "xstart_mse"
      }
    }
    let images: [Image]
    let timesteps: [Double]
    let mean: Double

    enum CodingKeys: String, CodingKey {
      case images, timesteps
      case mean = "mean_total_bpd"
    }
  }

  private func report(_ bytes: [UInt8]) throws -> Report { try JSONDecoder().decode(Report.self, from: Data(bytes)) }

  private func expectRelative(_ found: [Float], _ expected: Tensor, _ tolerance: Float, _ what: String) {
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected.values) {
      #expect(abs(a - b) <= tolerance * abs(b), "\(what) is \(a), expected \(b)")
    }
  }

  /// The original's `calc_bpd_loop`, from PyTorch's stream of noise.
  @Test func agreesWithTheOriginal() throws {
    defer { cleanUp() }
    let reference = try Fixture("training")
    let pictures = reference.tensor("x0")
    try Data(npy(pictures.shape, .float32(pictures.values))).write(to: folder.appendingPathComponent("x.npy"))
    let labels = reference.integers("y").map(String.init).joined(separator: ",")
    let model = Fixture.path("unet/improved-scaleshift-class.pt")
    let result = try run(
      """
      nll x.npy --model \(model) --image-size 16 --noise-schedule cosine --diffusion-steps 1000 \
      --rescale-timesteps True --respacing 20 --class \(labels) --rng torch --seed 5 --json --quiet
      """)
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let report = try report(result.output)
    #expect(report.images.map(\.image) == ["x.npy[0]", "x.npy[1]"])
    #expect(report.images.map { $0.label ?? -1 } == reference.integers("y"))
    expectRelative(report.images.flatMap(\.vb), reference.tensor("bpd.vb"), 1e-4, "vb")
    expectRelative(report.images.flatMap(\.xStartMSE), reference.tensor("bpd.xstart_mse"), 1e-4, "xstart_mse")
    expectRelative(report.images.flatMap(\.mse), reference.tensor("bpd.mse"), 1e-4, "mse")
    expectRelative(report.images.map(\.prior), reference.tensor("bpd.prior_bpd"), 1e-4, "prior_bpd")
    expectRelative(report.images.map(\.total), reference.tensor("bpd.total_bpd"), 1e-4, "total_bpd")
    #expect(report.timesteps.count == 20 && report.timesteps.first == 999 && report.timesteps.last == 0)
  }

  /// A picture's bound depends on the seed and its place, not on the batch, and the files hold what is printed.
  @Test func noiseIsDrawnByPosition() throws {
    defer { cleanUp() }
    let pictures = Fixture.path("mnist.npz")
    let settings = "nll \(pictures) --steps 3 --seed 4"
    let whole = try run("\(settings) --json --out t.csv")
    #expect(whole.status == 0 && whole.errors.isEmpty, "\(whole.errors)")
    #expect(try run("\(settings) --json --batch 3 --threads 1").output == whole.output)
    #expect(try run("nll \(pictures) --steps 3 --seed 5 --json").output != whole.output)
    try run("\(settings) --out t.json")
    #expect(try bytes("t.json") == whole.output)

    let report = try report(whole.output)
    #expect(report.images.count == 10 && report.images.map { $0.label ?? -1 } == Array(0..<10))
    for image in report.images {
      let sum = image.vb.reduce(Double(image.prior)) { $0 + Double($1) }
      #expect(abs(Double(image.total) - sum) < 1e-3 * sum)
    }
    #expect(abs(report.mean - report.images.reduce(0.0) { $0 + Double($1.total) } / 10) < 1e-3)

    let rows = String(decoding: try bytes("t.csv"), as: UTF8.self).split(separator: "\n")
    #expect(rows.count == 31 && rows[0] == "image,class,timestep,vb,xstart_mse,mse")
    let fields = rows[6].split(separator: ",")
    #expect(fields[0] == "\(pictures)[1]" && fields[1] == "1" && fields[2] == "0")
    #expect(Float(fields[3]) == report.images[1].vb[2] && Float(fields[5]) == report.images[1].mse[2])

    let table = String(decoding: try run(settings).output, as: UTF8.self).split(separator: "\n")
    #expect(table.count == 12 && table[0].hasSuffix("image (3 steps, seed 4)"))
    #expect(table.last?.hasSuffix("mean of 10") == true)
  }

  /// The class that a picture has counts: as another it is less probable.
  @Test func theClassCounts() throws {
    defer { cleanUp() }
    func mean(_ words: String) throws -> Double {
      try report(run("nll \(Fixture.path("mnist.npz")) --steps 25 --seed 1 --json\(words)").output).mean
    }
    let right = try mean("")
    #expect(try mean(" --class 1,2,3,4,5,6,7,8,9,0") > right)
    #expect(try mean(" --class 10") > right)
  }
}
