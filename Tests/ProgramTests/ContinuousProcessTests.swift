import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Whole runs of models whose noise levels are continuous, against what their own code draws from the same noise:
/// openai/consistency_models, diffusers' consistency pipeline and torchcfm.
struct ContinuousProcessTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private static let consistency = "families/consistency/imagenet-like"
  private static let flow = "families/flow/cifar-like"

  @Test(arguments: [
    ("sample_onestep", "consistency", ""), ("sample_onestep", "consistency", "--sampler onestep --steps 1"),
    ("sample_multistep", "consistency", "--ts 0,22,39 --steps 40"),
    ("sample_multistep", "consistency", "--sampler multistep --ts 0,22,39"),
    ("sample_heun", "edm", "--sampler heun --steps 5"), ("sample_euler", "edm", "--sampler euler --steps 5"),
    ("sample_dpm", "edm", "--sampler dpm --steps 5"), ("sample_ancestral", "edm", "--sampler euler-a --steps 5"),
    ("sample_ancestral", "edm", "--sampler ancestral --steps 5"),
  ])
  func drawsWhatConsistencyModelsDraws(tag: String, process: String, options: String) throws {
    defer { cleanUp() }
    let reference = try Fixture(Self.consistency + ".reference")
    let classes = reference.integers("y").map(String.init).joined(separator: ",")
    let file = process == "edm" ? "edm/ema_0.9999_000100.pt" : "ema_0.9999432189950708_600000.pt"
    let result = try run(
      """
      --model \(Fixture.path(Self.consistency))/\(file) --process \(process) --image-size 16 --num-head-channels 16 \
      --class \(classes) --count 2 --rng torch --seed 42 --quiet --out x.npy \(options)
      """)
    try #require(result.status == 0, "\(result.errors)")
    expectClose(try readNPY(try bytes("x.npy"), path: "x.npy"), reference.tensor(tag), tolerance: 2e-4, tag)
  }

  /// The command lines in its README, with this model's dimensions.
  @Test func commandLinesOfConsistencyModelsCanBePasted() throws {
    defer { cleanUp() }
    try FileManager.default.copyItem(
      atPath: Fixture.path(Self.consistency + "/ema_0.9999432189950708_600000.pt"), toPath: folder.path + "/cd_16.pt")
    let network =
      "--attention_resolutions 8 --class_cond True --use_scale_shift_norm True --dropout 0.0 --image_size 16 "
      + "--num_channels 32 --num_head_channels 16 --num_res_blocks 1 --resblock_updown True --use_fp16 True"
    let line = "--model_path cd_16.pt --batch_size 2 --num_samples 2 \(network) --weight_schedule uniform --out x.npy"
    let one = try run("--training_mode consistency_distillation --generator determ --sampler onestep \(line)")
    try #require(one.status == 0, "\(one.errors)")
    let several = try run(
      """
      --training_mode consistency_distillation --generator determ-indiv --sampler multistep --ts 0,17,39 --steps 40 \
      --sigma_max 80 --sigma_min 0.002 --s_churn 0 \(line) --overwrite
      """)
    try #require(several.status == 0, "\(several.errors)")
    // The file's name says what it is.
    #expect(try run("--model cd_16.pt --num-head-channels 16 --image-size 16 --seed 1 --out y.png").status == 0)
    let unknown = try run("--training_mode progdist \(line)")
    #expect(unknown.status == 64 && unknown.errors.contains("\"progdist\" cannot be drawn; type edm"))
  }

  /// Pixels are those of consistency_models, to one grey level.
  @Test func onestepPixels() throws {
    defer { cleanUp() }
    let reference = try Fixture(Self.consistency + ".reference")
    let classes = reference.integers("y").map(String.init).joined(separator: ",")
    let model = Fixture.path(Self.consistency) + "/ema_0.9999432189950708_600000.pt"
    let result = try run(
      """
      --model \(model) --process consistency --image-size 16 --num-head-channels 16 --class \(classes) --count 2 \
      --rng torch --seed 42 --quiet --out x%d.png
      """)
    try #require(result.status == 0, "\(result.errors)")
    let expected = reference.tensor("sample_onestep")
    for n in 0..<2 {
      let picture = try Picture(png: bytes("x\(n).png"))
      for y in 0..<16 {
        for x in 0..<16 {
          for c in 0..<3 {
            let level = max(0, min(255, Int((expected[((n * 3 + c) * 16 + y) * 16 + x] + 1) * 127.5)))
            #expect(abs(Int(picture.pixels[(y * 16 + x) * 3 + c]) - level) <= 1)
          }
        }
      }
    }
  }

  @Test func drawsWhatDiffusersConsistencyPipelineDraws() throws {
    defer { cleanUp() }
    let reference = try Fixture("families/consistency/diffusers-cd.reference")
    try Data(npy(reference.tensor("noise").shape, .float32(reference.tensor("noise").values))).write(
      to: folder.appendingPathComponent("noise.npy"))
    let classes = reference.integers("classes").map(String.init).joined(separator: ",")
    let line =
      "--model \(Fixture.path("families/consistency/diffusers-cd")) --class \(classes) --count 2 --rng torch --seed 0 "
      + "--noise noise.npy --quiet --overwrite --out x.npy"
    for (tag, options) in [("onestep", ""), ("twostep_22_0_seed0", " --ts 0,22,39")] {
      let result = try run(line + options)
      try #require(result.status == 0, "\(result.errors)")
      // The pipeline's are in [0, 1].
      let found = try readNPY(try bytes("x.npy"), path: "x.npy").map { ($0 + 1) / 2 }
      expectClose(found, reference.tensor(tag), tolerance: 1e-4, tag)
    }
  }

  /// A file of torchcfm is known by the two networks in it.
  @Test(arguments: [
    ("euler5", "--steps 5"), ("euler20", "--sampler euler --steps 20"), ("heun5", "--sampler heun --steps 5"),
  ])
  func drawsWhatTorchcfmDraws(tag: String, options: String) throws {
    defer { cleanUp() }
    let reference = try Fixture(Self.flow + ".reference")
    try Data(npy(reference.tensor("noise").shape, .float32(reference.tensor("noise").values))).write(
      to: folder.appendingPathComponent("noise.npy"))
    let result = try run(
      """
      --model \(Fixture.path(Self.flow))/otcfm_cifar10_weights_step_400000.pt --image-size 16 --num-head-channels 32 \
      --count 2 --noise noise.npy --out x.npy \(options)
      """)
    try #require(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("process flow"), "\(result.errors)")
    let expected = reference.tensor(tag)
    let largest = expected.values.map(abs).max() ?? 0
    expectClose(try readNPY(try bytes("x.npy"), path: "x.npy"), expected, tolerance: 1e-4 * largest, tag)
  }

  /// One of facebookresearch/flow_matching is known by its trainer's arguments; its average is in a list without names,
  /// and a label beyond the classes stands for none.
  @Test(arguments: [("euler5", ""), ("guided5", "--guidance 2.5")])
  func drawsWhatFlowMatchingDraws(tag: String, options: String) throws {
    defer { cleanUp() }
    let reference = try Fixture("families/flow/flow-matching.reference")
    try Data(npy(reference.tensor("noise").shape, .float32(reference.tensor("noise").values))).write(
      to: folder.appendingPathComponent("noise.npy"))
    let result = try run(
      """
      --model \(Fixture.path("families/flow/flow-matching.pth")) --image-size 16 --num-head-channels 16 --class 1,3 \
      --count 2 --noise noise.npy --steps 5 --out x.npy \(options)
      """)
    try #require(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("null_class 5, process flow"), "\(result.errors)")
    let expected = reference.tensor(tag)
    let largest = expected.values.map(abs).max() ?? 0
    expectClose(try readNPY(try bytes("x.npy"), path: "x.npy"), expected, tolerance: 1e-4 * largest, tag)
  }

  @Test(arguments: [
    ("--sampler ddim", "--sampler ddim is not defined for the process that"),
    ("--eta 0.5", "--eta is for ddim, but the sampler is onestep; leave --eta out"),
    ("--sampler unipc", "type --sampler and one of onestep, multistep"),
    ("--sampler onestep --steps 2", "--sampler onestep takes 1 step, not 2; type --sampler multistep"),
    ("--timesteps 900,500", "--timesteps is for models with timesteps"),
    ("--ts 0,22", "--ts ends with the lowest of --steps 40 levels, 39; type for instance --ts 0,39"),
    ("--ts 5,2", "--ts: each must be more than the one before"),
    ("--s-churn 40", "--s-churn is for EDM models, and the process here is another; leave it out"),
    ("--process edm --sampler euler --s-churn 40", "--s-churn is for heun and dpm, but the sampler is euler; type"),
    ("--s-tmin 1", "--s-tmin is part of churn; type --s-churn and an amount too, for instance 40, or leave it out"),
    ("--process edm --s-churn 40 --s-tmin 5 --s-tmax 2", "--s-tmin 5 is above --s-tmax 2; swap them"),
    ("--process edm --s-churn 40 --s-tmin 90", "--s-churn adds noise at none of the levels, which are 0.002"),
    ("--noise-schedule cosine", "--noise-schedule is a setting of other processes, and its process is"),
    ("--process flow --prediction sample", "what is predicted (--prediction, --predict-xstart) is a setting of"),
    ("--sigmas 90,5", "--sigmas: the highest level of the model is 80"),
    ("--sigmas 5,5", "--sigmas: each must be less than the one before"),
    ("--sigmas 80,5 --ts 0,39", "--sigmas and --ts both choose the timesteps"),
    ("--steps 41", "41 steps are more than the 40 of the process"),
  ])
  func whatIsNotDefinedIsRefused(options: String, message: String) throws {
    defer { cleanUp() }
    let result = try run("--model \(Fixture.path("families/consistency/diffusers-cd")) --out x.png \(options)")
    #expect(result.status != 0 && result.errors.contains(message), "\(result.errors)")
  }

  /// Levels that start below the highest start from as little noise.
  @Test func noiseIsThatOfTheFirstLevel() throws {
    defer { cleanUp() }
    let line =
      "--model \(Fixture.path(Self.consistency))/edm/ema_0.9999_000100.pt --process edm --image-size 16 "
      + "--num-head-channels 16 --class 5 --no-clip --sampler euler --seed 1 --quiet --overwrite --out x.npy"
    // x + (x - x̂₀) / σ·(0 - σ) is x̂₀ = c_skip·x + c_out·F: an image of about unit variance, whatever the level.
    for sigma in ["80", "5", "0.5"] {
      try #require(try run("\(line) --sigmas \(sigma)").status == 0)
      let values = try readNPY(bytes("x.npy"), path: "x").values
      let deviation = (values.reduce(0.0) { $0 + Double($1 * $1) } / Double(values.count)).squareRoot()
      #expect(deviation < 0.8, "σ = \(sigma): \(deviation)")
    }
  }

  @Test(arguments: [
    (
      "--model VARIANCE --process edm --image-size 16 --out x.png",
      "puts out a variance too, which no model of the process edm"
    ),
    ("--process edm --out x.png", "--process: the embedded model's is known; leave it out"),
    ("nll noise.npy --model CONSISTENCY", "images are encoded and measured by models with timesteps"),
    ("encode noise.npy --model CONSISTENCY --out z.npy", "images are encoded and measured by models with timesteps"),
    (
      "interpolate --seed 1..2 --model CONSISTENCY --out x.png",
      "images are encoded and measured by models with timesteps"
    ),
    ("--model CONSISTENCY --ts 0,1 --steps 1 --out x.png", "--ts needs at least two levels; type --steps 40 too"),
    (
      "--model CONSISTENCY --sigmas 5,1e-7 --out x.png",
      "--sigmas: each must be less than the one before, and at least 1e-6"
    ),
  ])
  func whatCannotBeIsNamed(line: String, message: String) throws {
    defer { cleanUp() }
    try Data(npy([1, 3, 16, 16], .float32([Float](repeating: 0, count: 768)))).write(
      to: folder.appendingPathComponent("noise.npy"))
    let filled = line.replacingOccurrences(of: "VARIANCE", with: Fixture.path("unet/improved-scaleshift-class.pt"))
      .replacingOccurrences(of: "CONSISTENCY", with: Fixture.path("families/consistency/diffusers-cd"))
    let result = try run(filled)
    #expect(result.status != 0 && result.errors.contains(message), "\(result.errors)")
  }

  @Test func processesAreAskedFor() throws {
    defer { cleanUp() }
    let model = Fixture.path(Self.consistency) + "/ema_0.9999432189950708_600000.pt"
    let result = try run("--model \(model) --out x.png")
    #expect(result.errors.contains("type --process consistency or --process edm"), "\(result.errors)")
    let sigmas = try run("--sigmas 5,1 --out x.png")
    #expect(sigmas.errors.contains("--sigmas is for models whose noise levels are continuous"), "\(sigmas.errors)")
  }

  /// What is said of a picture draws it again, and a converted model needs no flags.
  @Test func picturesAndModelsComeBack() throws {
    defer { cleanUp() }
    let model = Fixture.path(Self.consistency) + "/edm/ema_0.9999_000100.pt"
    let flags = "--process edm --image-size 16 --num-head-channels 16"
    let drawn = try run("--model \(model) \(flags) --seed 3 --class 5 --sigmas 60,10,1.5,0.1 --out x.png")
    try #require(drawn.status == 0, "\(drawn.errors)")
    let again = try run("reproduce x.png")
    #expect(again.status == 0, "\(again.errors)")
    try #require(try run("convert \(model) \(flags) e.safetensors").status == 0)
    let converted = try run("--model e.safetensors --seed 3 --class 5 --sigmas 60,10,1.5,0.1 --quiet --out y.npy")
    try #require(converted.status == 0, "\(converted.errors)")
    try run("--model \(model) \(flags) --seed 3 --class 5 --sigmas 60,10,1.5,0.1 --quiet --out x.npy")
    #expect(try bytes("x.npy") == bytes("y.npy"))
  }
}
