import DiffusionCore
import DiffusionOutput
import Sampling
import Testing

@testable import DiffusionCommandLine

/// The options that a command line means, typed as one would in a shell without quotes.
private func options(_ line: String) throws -> Options {
  guard case .draw(let options) = try parse(line.split(separator: " ").map(String.init)) else {
    throw UsageError("not a drawing: \(line)")
  }
  return options
}

struct ParserTests {
  @Test func defaults() throws {
    let options = try options("")
    #expect(options == Options())
    #expect(options.output.destination == nil)
  }

  @Test func theMainJob() throws {
    let options = try options("--steps 50 --out img.png")
    #expect(options.request.steps == 50)
    #expect(options.output.destination?.path == "img.png")
  }

  struct Case: Sendable {
    let line: String
    let check: @Sendable (Options) -> Bool

    init(_ line: String, _ check: @escaping @Sendable (Options) -> Bool) { (self.line, self.check) = (line, check) }
  }

  static let cases = [
    Case("--steps=7") { $0.request.steps == 7 }, Case("--sampler ddpm") { $0.request.sampler == "ddpm" },
    Case("--sampler dpmpp-2m-sde") { $0.request.sampler == "dpmpp-2m-sde" },
    Case("--spacing karras") { $0.request.spacing == .karras },
    Case("--timesteps 900,40,0") { $0.request.timesteps == [900, 40, 0] },
    Case("--timesteps 7") { $0.request.timesteps == [7] },
    Case("--eta 0.5") { $0.request.eta == 0.5 }, Case("--eta=1e-1") { $0.request.eta == 0.1 },
    Case("--respacing 10,15,20") { $0.request.respacing == "10,15,20" },
    Case("--timestep_respacing=") { $0.request.respacing == "" && $0.request.sampler == nil },
    Case("--timestep-respacing ddim50") { $0.request.respacing == "ddim50" },
    Case("--seed 18446744073709551615") { $0.request.seed == .max },
    Case("-n 5 --grid") { $0.request.count == 5 && $0.output.sheet == SheetLayout() },
    Case("-n5 --grid 3") { $0.request.count == 5 && $0.output.sheet == SheetLayout(columns: 3) },
    Case("-n=5 --grid=2") { $0.request.count == 5 && $0.output.sheet == SheetLayout(columns: 2) },
    Case("-qn5 --grid") { $0.quiet && $0.request.count == 5 },
    Case("-oimg.png") { $0.output.destination == OutputDestination(PNGSink.format, path: "img.png") },
    Case("-o x/IMG.PNG") { $0.output.destination == OutputDestination(PNGSink.format, path: "x/IMG.PNG") },
    Case("--out -") { $0.output.destination?.isStandardOutput == true },
    Case("--out x.npz -n 9") { $0.output.destination == OutputDestination(NPZSink.format, path: "x.npz") },
    Case("--out x.npy -n 9") { $0.output.destination == OutputDestination(NPYSink.format, path: "x.npy") },
    Case("--out pictures") { $0.output.destination?.isFolder == true && $0.output.destination?.path == "pictures" },
    Case("--out d.1/") { $0.output.destination?.isFolder == true && $0.output.destination?.path == "d.1/" },
    Case("--out ../x") { $0.output.destination?.isFolder == true && $0.output.destination?.path == "../x" },
    Case("--batch 4") { $0.request.batch == 4 },
    Case("--class 0-9,3") { $0.request.classes == [.typed("0-9"), .typed("3")] },
    Case("--class seven") { $0.request.classes == [.typed("seven")] },
    Case("--guidance -0.5") { $0.request.guidance == -0.5 }, Case("--noise x.npy") { $0.request.noise == "x.npy" },
    Case("--rng torch") { $0.request.noiseStream == .torch }, Case("--no-clip") { $0.request.clipDenoised == false },
    Case("--clip_denoised True") { $0.request.clipDenoised == true }, Case("--scale 4") { $0.output.scale == 4 },
    Case("--threads 3") { $0.threads == 3 }, Case("--overwrite") { $0.output.overwrite },
    Case("--stats s.json") { $0.output.stats == "s.json" },
    Case("--quiet") { $0.quiet }, Case("--progress plain") { $0.progress == .plain },
    Case("--progress none -q") { $0.quiet }, Case("--model m.pt") { $0.request.model == "m.pt" },
    Case("--model_path m.pt") { $0.request.model == "m.pt" && $0.request.respacing == "" },
    Case("--model_path m.pt --steps 20") { $0.request.respacing == nil && $0.request.sampler == nil },
    Case("--use_ddim True") { $0.request.sampler == "ddim" && $0.request.respacing == "" },
    Case("--use_ddim False") { $0.request.sampler == "ddpm" && $0.request.respacing == "" },
    Case("--learn_sigma") { $0.request.settings.learnSigma == true },
    Case("--learn-sigma --steps 3") { $0.request.settings.learnSigma == true && $0.request.steps == 3 },
    Case("--learn-sigma no") { $0.request.settings.learnSigma == false },
    Case("--num_heads_upsample -1") { $0.request.settings.numHeadsUpsample == nil },
    Case("--channel-mult 1,2,2,2") { $0.request.settings.channelMult == [1, 2, 2, 2] },
    Case("--channel-mult 0.5,1") { $0.request.settings.channelMult == [0.5, 1] },
    Case("--channel_mult=") { $0.request.settings.channelMult == nil },
    Case("--num_head_channels 64") { $0.request.settings.numHeadChannels == 64 },
    Case("--num_head_channels -1") { $0.request.settings.numHeadChannels == nil },
    Case("--use_new_attention_order True --resblock_updown True") {
      $0.request.settings.useNewAttentionOrder == true && $0.request.settings.resblockUpdown == true
    },
    Case("--use_fp16 True") { $0 == Options() }, Case("--low-res s.png") { $0.request.lowRes == "s.png" },
    Case("--base_samples s.npz --large_size 256 --small_size 64") {
      $0.request.lowRes == "s.npz" && $0.request.settings.imageSize == 256
    },
    Case("--attention_resolutions 16,8") { $0.request.settings.attentionResolutions == [16, 8] },
    Case("--noise-schedule cosine") { $0.request.settings.noiseSchedule == "cosine" },
    Case("--steps 4 --steps=4") { $0.request.steps == 4 }, Case("--seed 1 --") { $0.request.seed == 1 },
  ]

  @Test(arguments: cases)
  func isUnderstood(_ c: Case) throws { #expect(c.check(try options(c.line)), "\(c.line)") }

  /// The command that improved-diffusion's README gives for its CIFAR-10 model.
  @Test func aPastedCommand() throws {
    let options = try options(
      """
      --model_path cifar10.pt --num_samples 16 --out x.npz --image_size 32 --num_channels 128 --num_res_blocks 3 \
      --learn_sigma True --dropout 0.3 --diffusion_steps 4000 --noise_schedule cosine --timestep_respacing 250 \
      --use_ddim False
      """)
    var expected = Options()
    expected.request.model = "cifar10.pt"
    expected.request.count = 16
    expected.output.destination = OutputDestination(NPZSink.format, path: "x.npz")
    expected.output.isUpstreamRun = true
    expected.request.respacing = "250"
    (expected.usesModelPathFlag, expected.isUpstreamRespacing, expected.usesDDIMFlag) = (true, true, true)
    expected.request.sampler = "ddpm"
    expected.request.settings.imageSize = 32
    expected.request.settings.numChannels = 128
    expected.request.settings.numResBlocks = 3
    expected.request.settings.learnSigma = true
    expected.request.settings.diffusionSteps = 4000
    expected.request.settings.noiseSchedule = "cosine"
    #expect(options == expected)
  }

  @Test(arguments: [
    ("--steps fifty", "--steps: \"fifty\" is not a whole number; type --steps with a number from 1 to 1000000"),
    ("--steps 0", "--steps: 0 is out of range; type --steps with a number from 1 to 1000000"),
    ("--steps -5", "--steps: -5 is out of range; type --steps with a number from 1 to 1000000"),
    ("--steps 1e3", "--steps: \"1e3\" is not a whole number; type --steps with a number from 1 to 1000000"),
    (
      "--steps 99999999999999999999",
      "--steps: 99999999999999999999 is out of range; type --steps with a number from 1 to 1000000"
    ),
    ("--steps", "--steps needs a value; type for instance --steps 50"),
    ("--steps=", "--steps has an empty value; type for instance --steps 50"),
    (
      "--out --steps 5",
      "--out needs a value, but --steps follows; type for instance --out img.png, or --out=--steps if that is meant"
    ),
    ("--stesp 5", "there is no option --stesp; did you mean --steps?"),
    ("--image-sise 5", "there is no option --image-sise; did you mean --image-size?"),
    ("--frobnicate", "there is no option --frobnicate; sample --help lists all options"),
    ("-steps 5", "there is no option -s; did you mean --steps?"),
    ("-x", "there is no option -x; sample --help lists all options"),
    ("--quiet=yes", "--quiet takes no value, but has \"yes\"; type --quiet alone"),
    ("img.png", "\"img.png\" is not an option; did you mean --out img.png?"),
    ("model.pt", "\"model.pt\" is not an option; did you mean --model model.pt?"),
    ("-- x", "\"x\" is not an option; did you mean --out x?"),
    ("train m.pt", "training is a program of its own; type train --help"),
    ("--data pictures", "--data belongs to train, not to sample; leave it out"),
    (
      "--sampler ddmi",
      """
      --sampler: "ddmi" is not one of ddim, ddpm, dpmpp-2m, dpmpp-2m-sde, unipc, heun, euler, euler-a, plms, \
      dpm, pc, onestep or multistep; \
      did you mean ddim?
      """
    ),
    (
      "--sampler k-lms",
      "--sampler: \"k-lms\" is not one of ddim, ddpm, dpmpp-2m, dpmpp-2m-sde, unipc, heun, euler, euler-a, plms, "
        + "dpm, pc, onestep or multistep"
    ),
    (
      "--guidance-interval 9-3",
      "--guidance-interval: \"9-3\" is not a range of timesteps; type for instance --guidance-interval 100-700"
    ),
    ("--spacing even", "--spacing: \"even\" is not one of leading, trailing, linspace or karras"),
    (
      "--timesteps 5,x",
      "--timesteps: \"x\" is not a number from 0 to 999999; type for instance --timesteps 999,700,400,100"
    ),
    (
      "--timesteps 5,5",
      "--timesteps: each must be less than the one before; type for instance --timesteps 999,700,400,100"
    ),
    ("--progress loud", "--progress: \"loud\" is not one of auto, bar, plain or none"),
    ("--eta -1", "--eta: -1 is out of range; type --eta with a number from 0 up"),
    ("--eta nan", "--eta: \"nan\" is not a number; type for instance --eta 0.5"),
    ("--guidance inf", "--guidance: \"inf\" is not a number; type for instance --guidance 1.5"),
    ("--guidance 1e999", "--guidance: \"1e999\" is not a number; type for instance --guidance 1.5"),
    ("--seed -1", "--seed: -1 is below 0; leave --seed out"),
    ("--seed x", "--seed: \"x\" is not a whole number; type --seed with a number from 0 to 18446744073709551615"),
    (
      "--seed 18446744073709551616",
      "--seed: 18446744073709551616 is out of range; type --seed with a number from 0 to 18446744073709551615"
    ),
    ("--class 1,,2", "--class: \"1,,2\" has an empty item; type for instance --class 0-9,3"),
    (
      "--learn-sigma=maybe",
      "--learn-sigma: \"maybe\" is neither true nor false; type --learn-sigma True or --learn-sigma False"
    ),
    (
      "--channel-mult 1,x",
      "--channel-mult: \"x\" is not a number; type for instance --channel-mult 1.5"
    ),
    (
      "--noise-schedule quadratic",
      """
      --noise-schedule: "quadratic" is not a noise schedule; type --noise-schedule linear, cosine or sigmoid
      """
    ),
    ("--grid 0", "--grid: 0 is out of range; type --grid with a number from 1 to 1000000"),
    (
      "--out img.jpg",
      "--out: sample does not write .jpg files; it writes .png, .tar, .npz and .npy: type for instance --out img.png"
    ),
    (
      "--out %s.png",
      """
      --out: %s.png has a % that is not followed by d; type for instance --out 'img-%05d.png', or %% for a percent sign
      """
    ),
    (
      "--out %d-%d.png",
      "--out: %d-%d.png has more than one place for the number; type for instance --out 'img-%05d.png'"
    ),
    ("--out 100%%.png", "--out: 100%%.png has no place for the number; type for instance --out 'img-%05d.png'"),
    (
      "--out %d.npz",
      "--out: %d.npz must end in .png, as each image is written as a PNG; type for instance --out 'img-%05d.png'"
    ),
    ("--steps 5 --respacing 10", "--steps and --respacing both choose the timesteps; type only one of them"),
    ("--timesteps 9,0 --steps 5", "--steps and --timesteps both choose the timesteps; type only one of them"),
    (
      "--spacing karras --respacing 10",
      "--spacing karras spaces --steps, but --respacing chooses the timesteps itself; type only one of them"
    ),
    (
      "--eta 1 --sampler unipc",
      "--eta is for ddim, but the sampler is unipc; type --sampler ddim, or leave --eta out"
    ),
    (
      "--eta 1 --sampler ddpm",
      "--eta is for ddim, but the sampler is ddpm; type --sampler ddim, or leave --eta out"
    ),
    ("--sampler ddim --use_ddim False", "--use-ddim False contradicts --sampler ddim; type only one of them"),
    ("-q --progress bar", "--quiet and --progress bar contradict each other; type only one of them"),
    (
      "-n 5 --out img.png",
      "5 images do not fit into one file; type --out 'img-%05d.png' for one file per image, or --grid for one sheet"
    ),
    (
      "-n 2 -o -",
      "2 images do not fit into one file; type --out 'img-%05d.png' for one file per image, or --grid for one sheet"
    ),
    ("-o x.npz --grid", "--grid makes a picture, but x.npz holds arrays; type --out sheet.png"),
    (
      "-o x.npy --scale 2",
      "--scale enlarges pictures, but x.npy holds arrays; leave --scale out, or type --out img.png"
    ),
    (
      "-o %d.png --grid",
      """
      --grid makes one sheet of all images, but --out asks for one file per image; type --out sheet.png
      """
    ),
    ("--dropout x", "--dropout: \"x\" is not a number; type for instance --dropout 0.5"),
  ])
  func mistakesSayWhatToType(line: String, message: String) {
    do {
      Issue.record("\(line) was understood: \(try options(line))")
    } catch { #expect("\(error)" == message) }
  }

  @Test func helpAndVersionWinOverMistakes() throws {
    #expect(try parse(["--stesp", "--help"]) == .help(.draw))
    #expect(try parse(["-h"]) == .help(.draw))
    #expect(try parse(["--version", "x"]) == .version)
  }

  @Test func benchTakesBatchesAndPasses() throws {
    guard case .bench(let options) = try parse(["bench", "--batch", "1,4,16", "--passes", "3", "--json", "--layers"])
    else {
      Issue.record("not understood as bench")
      return
    }
    #expect(options.bench.batches == [1, 4, 16])
    #expect(options.bench.passes == 3)
    #expect(options.json && options.bench.layers)
  }

  @Test func inspectTakesAFile() throws {
    guard case .inspect(let options) = try parse(["inspect", "--json", "m.pt", "--num-heads", "8"]) else {
      Issue.record("not understood as inspect")
      return
    }
    #expect(options.request.model == "m.pt")
    #expect(options.json)
    #expect(options.request.settings.numHeads == 8)
  }

  @Test(
    arguments: [
      ("m.safetensors", .safetensors("m.safetensors")), ("M.SafeTensors", .safetensors("M.SafeTensors")),
      ("a/m.pt", .torch("a/m.pt")), ("m.PTH", .torch("m.PTH")),
    ] as [(String, CheckpointDestination)])
  func convertTakesTwoFiles(name: String, destination: CheckpointDestination) throws {
    guard case .convert(let options, let output) = try parse(["convert", "--half", "--", "-m.pt", name])
    else {
      Issue.record("not understood as convert")
      return
    }
    #expect(options.request.model == "-m.pt")
    #expect(options.half && !options.output.overwrite)
    #expect(output == destination)
  }

  @Test func completionsTakeAShell() throws {
    #expect(try parse(["completions", "zsh"]) == .completions(.zsh))
    #expect(try parse(["man"]) == .man)
  }

  @Test(arguments: [
    ("inspect", "inspect needs FILE; type sample inspect FILE"),
    ("inspect a b", "inspect takes only FILE; leave \"b\" out"),
    ("convert a.pt", "convert needs OUT; type sample convert IN OUT"),
    (
      "convert a.pt b.bin",
      """
      sample convert writes .safetensors, .pt, .pth and, if its name ends with /, a folder for diffusers, not b.bin; \
      type for instance sample convert a.pt b.bin.safetensors
      """
    ),
    (
      "convert a.pt pt",
      """
      sample convert writes .safetensors, .pt, .pth and, if its name ends with /, a folder for diffusers, not pt; \
      type for instance sample convert a.pt pt.safetensors
      """
    ),
    ("inspect m.pt --steps 5", "--steps belongs to sample, not to sample inspect; leave it out"),
    ("--half", "--half belongs to sample convert, not to sample; leave it out"),
    ("completions", "completions needs SHELL; type sample completions SHELL"),
    ("completions tcsh", "there are no completions for \"tcsh\"; type sample completions bash, zsh or fish"),
    ("man x", "sample man takes no arguments, but \"x\" follows; type sample man"),
    ("m.pt inspect", "\"m.pt\" is not an option; did you mean --model m.pt?"),
    ("bench --steps 5", "--steps belongs to sample, not to sample bench; leave it out"),
    ("--passes 5", "--passes belongs to sample bench, not to sample; leave it out"),
    ("--threads 1 bench", "bench goes in front of the options; type sample bench and then the options"),
    (
      "bench --noise x.npy --batch 1,2",
      "--noise holds one batch; type one number after --batch, or leave --batch out"
    ),
  ])
  func mistakesAboutCommandsSayWhatToType(line: String, message: String) {
    do {
      Issue.record("\(line) was understood: \(try parse(line.split(separator: " ").map(String.init)))")
    } catch { #expect("\(error)" == message) }
  }
}
