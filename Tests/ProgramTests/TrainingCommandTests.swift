import Foundation
import Testing

/// `train` as it is typed: what goes on, what is refused, and what is said.
struct TrainingCommandTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  /// Twelve digits of 28×28 in two classes, and the flags of a model that takes a few milliseconds for a step.
  private func digits() throws {
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("pictures"), withIntermediateDirectories: true)
    for (name, label) in [("one", 1), ("two", 2)] {
      #expect(
        try run("--count 6 --class \(label) --steps 1 --seed 1 --quiet --no-metadata -o pictures/\(name)_%d.png").status
          == 0
      )
    }
  }

  private let model =
    "--image-size 8 --in-channels 1 --num-channels 32 --num-res-blocks 1 --channel-mult 1 --num-heads 1 "
    + "--attention-resolutions 8 --diffusion-steps 4 --batch-size 2"

  @Test("A run without its optimizer's files is drawn with its newest weights")
  func drawsWithoutOptimizer() throws {
    defer { cleanUp() }
    try digits()
    #expect(try runTrain("--data pictures \(model) --steps 4 --save-interval 2 -o run").status == 0)
    let whole = try run("--model run --seed 1 --steps 2 -o whole.png --no-metadata")
    #expect(whole.errors.hasPrefix("run/ema_0.9999_000004.safetensors: "))
    for step in ["000002", "000004"] {
      try FileManager.default.removeItem(at: folder.appendingPathComponent("run/opt\(step).safetensors"))
    }
    let drawn = try run("--model run --seed 1 --steps 2 -o bare.png --no-metadata")
    #expect(drawn.status == 0 && drawn.errors.hasPrefix("run/ema_0.9999_000004.safetensors: "))
    #expect(try bytes("whole.png") == bytes("bare.png"))
    let resumed = try runTrain("--resume run")
    #expect(resumed.status == 1)
    #expect(
      resumed.errors == """
        train: run: has no checkpoint to resume from (there is no opt000004.safetensors); to begin with its weights, \
        add --resume-checkpoint run/model000004.safetensors to a new run

        """)
  }

  @Test("A run goes on from another folder, and from the name of its last checkpoint")
  func goesOnFromElsewhere() throws {
    defer { cleanUp() }
    try digits()
    #expect(try runTrain("--data pictures \(model) --steps 2 --save-interval 1 -o run --quiet").status == 0)
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("elsewhere"), withIntermediateDirectories: true)
    let moved = try runTrain("--resume ../run --steps 3 --quiet", in: "elsewhere")
    #expect(moved.status == 0 && moved.errors == "")
    let last = try runTrain("--resume run/model000003.safetensors --steps 4 --quiet")
    #expect(last.status == 0 && last.errors == "")
    let old = try runTrain("--resume run/ema_0.9999_000001.safetensors")
    #expect(old.status == 64)
    // What it advises works.
    let advice = try #require(old.errors.split(separator: "type train ").last).split(separator: "\n")[0]
    let pasted = try runTrain("\(advice.replacing("ema_0.9999_", with: "model")) --steps 2 --batch-size 2")
    #expect(pasted.status == 0, "\(pasted.errors)")
    let done = try runTrain("--resume run")
    #expect(done.status == 0)
    #expect(done.errors.hasSuffix("run: all 4 steps are taken already; for more, type train --resume run --steps 8\n"))
  }

  @Test("An option given twice with other values is refused, with the same value it is not")
  func twice() throws {
    defer { cleanUp() }
    let two = try runTrain("--data a --data-dir b --out run")
    #expect(two.status == 64 && two.errors == "train: --data-dir b contradicts --data a; type only one of them\n")
    let steps = try runTrain("--data a --steps 5 --iterations 6 --out run")
    #expect(steps.errors == "train: --iterations 6 contradicts --steps 5; type only one of them\n")
    let draw = try run("--seed 1 --num-samples 2 --seed 2")
    #expect(draw.status == 64 && draw.errors == "sample: --seed 2 contradicts --seed 1; type only one of them\n")
    #expect(try run("--count 1 --num_samples 2").errors.contains("contradicts --count 1"))
    #expect(try run("--steps 2 --steps 2 --seed 1 --quiet -o a.png").status == 0)
  }

  @Test("A run that fails says what is saved and what to type, and that command goes on")
  func failingRun() throws {
    defer { cleanUp() }
    try digits()
    // A file is where the folder of sheets should be made.
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("run"), withIntermediateDirectories: true)
    try Data().write(to: folder.appendingPathComponent("run/samples"))
    let failed = try runTrain("--data pictures \(model) --steps 4 --sample-interval 3 -o run --quiet")
    #expect(failed.status == 1)
    #expect(
      failed.errors == """
        train: run/samples: cannot be made: a file is there, not a folder; there is no checkpoint, and step 3 \
        cannot be saved; continue with: train --resume run

        """)
    let diverged = try runTrain("--data pictures \(model) --steps 40 --lr 1e6 --weight-decay 1e6 -o wild --quiet")
    #expect(diverged.status == 1)
    #expect(diverged.errors.contains("the gradient is not finite any more, so the step is not taken"))
    #expect(diverged.errors.hasSuffix("is saved; continue with: train --resume wild --lr 100000.0\n"))
  }

  @Test(
    "Impossible models and numbers are refused in one line that says what to type",
    arguments: [
      ("--num-channels 40", "--num-channels 64"), ("--num-heads 3", "--num-heads 1"),
      ("--num-head-channels 5", "--num-head-channels 32"), ("--image-size 9 --channel-mult 1,1", "--image-size"),
      ("--channel-mult 1,1,1,1,1", "--channel-mult"), ("--image-size 5000", "--image-size"),
      ("--num-channels 65536", "--num-channels"), ("--keep 0", "--keep"), ("--microbatch 3", "--microbatch"),
      ("--steps 9 --lr-anneal-steps 3", "--lr-anneal-steps 9"), ("--lr 1e9", "--lr"),
      ("--in-channels 0", "--in-channels"),
    ])
  func impossible(flags: String, advice: String) throws {
    defer { cleanUp() }
    try digits()
    let own = Set(flags.split(separator: " ").filter { $0.hasPrefix("--") })
    let words = "\(model) --steps 2".split(separator: " ")
    let kept = stride(from: 0, to: words.count, by: 2).filter { !own.contains(words[$0]) }
    let line = kept.map { "\(words[$0]) \(words[$0 + 1])" }.joined(separator: " ")
    let result = try runTrain("--data pictures \(line) \(flags) -o run --quiet")
    #expect(result.status == 1 || result.status == 64)
    #expect(result.errors.hasPrefix("train: ") && result.errors.split(separator: "\n").count == 1)
    #expect(result.errors.contains(advice), "\(result.errors)")
  }
}
