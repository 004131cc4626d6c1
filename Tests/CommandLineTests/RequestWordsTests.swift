import DiffusionCore
import DiffusionModels
import DiffusionText
import Sampling
import Testing

@testable import DiffusionCommandLine

/// Commands that draw an image again.
struct RequestWordsTests {
  private func request(_ words: [String]) throws -> SamplingRequest {
    switch try parse(words) {
    case .draw(let options), .reconstruct(let options, _), .interpolate(let options): return options.request
    default: throw UsageError("draws nothing")
    }
  }

  /// What is printed for a request is parsed to it again.
  @Test(arguments: [
    "--seed 7 --steps 2", "--seed 18446744073709551615 --class cat --guidance 1.5 --sampler heun --spacing karras",
    "--timesteps 900,40,0 --seed 1 --guidance-interval 100-700 --guidance -2", "--respacing ddim50 --eta 0.5 --seed 1",
    "--model m.pt --seed 1 --classifier c.pt --classifier-scale 2.5 --class 7 --no-clip",
    "--model=-m.pt --seed 1 --low-res l.png", "--seed 1 --noise n.npy --sampler ddim",
    "--seed 1 --init-image a.png --strength 0.5 --mask m.png --jump-length 3 --jump-count 2 --sampler plms",
    "--seed 1 --index 4-4", "--seed 1 --image-size 64 --learn-sigma True --channel-mult 0.5,1 --num-heads-upsample 2",
    "reconstruct a.png --steps 3", "interpolate a.png b.png --frames 3 --class 3", "interpolate --seed 1..2 --frames 5",
    "--rng torch --count 4 --batch 2 --seed 1 --grid",
  ])
  func comesBack(line: String) throws {
    let original = try request(line.split(separator: " ").map(String.init))
    let sheet = line.contains("--grid") ? SheetLayout() : nil
    let words = drawingCommand(original, sheet: sheet)
    #expect(words.first == "sample" && words.suffix(2) == ["--out", "again.png"])
    #expect(try request(Array(words.dropFirst())) == original, "\(shellLine(words))")
  }

  /// Every flag of the model is among the words.
  @Test func settingsComeBack() throws {
    let line =
      "--attention-resolutions 16,8 --class-cond True --diffusion-steps 400 --image-size 32 --in-channels 3 "
      + "--condition-first True --learn-sigma False --network fir=False,release=1.2.3 "
      + "--noise-schedule cosine --null-class 9 --num-channels 64 --num-classes 10 --num-head-channels 32 "
      + "--num-heads 2 "
      + "--num-heads-upsample 1 --num-res-blocks 3 --predict-xstart True --prediction sample "
      + "--process edm --sigma-min 0.01 --sigma-max 50 --rescale-timesteps False "
      + "--resblock-updown True "
      + "--sigma-small True --use-new-attention-order True --use-scale-shift-norm False --channel-mult 1,2"
    let original = try request(line.split(separator: " ").map(String.init))
    #expect(original.settings.words.count == StatedSettings.names.count)
    #expect(try request(original.settings.words) == original)
  }

  /// Earlier versions stored a command line, and the index of the class.
  @Test func anOldImageIsUnderstood() throws {
    let json =
      #"{"arguments":["--seed","7","--index","0","--steps","2","--sampler","unipc","--class","3","--scale","2"],"#
      + #""class":3,"#
      + #""image":0,"model":"m.pt","model_hash":"84","seed":7,"version":"0.1.0"}"#
    let provenance = try #require(try Provenance.read([(Provenance.key, json)]))
    let drawing = try RecordedDrawing(provenance)
    #expect(drawing.request.classes == [.index(3)] && drawing.request.seed == 7 && drawing.scale == 2)
    #expect(
      shellLine(try drawingCommand(provenance))
        == "sample --model m.pt --seed 7 --index 0 --steps 2 --sampler unipc --class '#3' --scale 2 --out again.png")
  }
}
