import DiffusionTraining
import Foundation
import Testing

@testable import DiffusionCommandLine

/// What a command line of `train` means, typed as one would in a shell without quotes.
private func options(_ line: String) throws -> Options {
  guard case .train(let options, _) = try parseTraining(line.split(separator: " ").map(String.init)) else {
    throw UsageError("not training: \(line)")
  }
  return options
}

struct TrainingParserTests {
  @Test func defaults() throws {
    var expected = Options()
    expected.training.data = "pictures"
    expected.run.folder = "run"
    #expect(try options("--data pictures --out run") == expected)
    // Those of the original's script, but for its batch of 1.
    let training = expected.training
    #expect(training.learningRate == 1e-4 && training.weightDecay == 0 && training.annealSteps == nil)
    #expect(training.microbatch == nil && training.emaRates == nil && training.scheduleSampler == .uniform)
    #expect(training.logInterval == 10 && training.saveInterval == 10_000 && training.dropout == 0)
    #expect(!training.useKL && training.rescaleLearnedSigmas && !training.useCheckpoint)
    #expect(training.batchSize == 16)
  }

  struct Case: Sendable {
    let line: String
    let check: @Sendable (Options) -> Bool

    init(_ line: String, _ check: @escaping @Sendable (Options) -> Bool) { (self.line, self.check) = (line, check) }
  }

  static let cases = [
    Case("-orun") { $0.run.folder == "run" }, Case("--data_dir=pictures") { $0.training.data == "pictures" },
    Case("--steps 7 --steps=7") { $0.training.steps == 7 }, Case("--batch_size 128") { $0.training.batchSize == 128 },
    Case("--microbatch 16") { $0.training.microbatch == 16 }, Case("--microbatch -1") { $0.training.microbatch == nil },
    Case("--batch-size 4 --microbatch 4") { $0.training.microbatch == 4 },
    Case("--lr 3e-4") { $0.training.learningRate == 3e-4 },
    Case("--weight_decay 0.05") { $0.training.weightDecay == 0.05 },
    Case("--lr_anneal_steps 0") { $0.training.annealSteps == nil },
    Case("--lr_anneal_steps 500") { $0.training.annealSteps == 500 && $0.training.steps == nil },
    Case("--warm-up 500") { $0.training.warmUp == 500 }, Case("--clip-gradients 1") { $0.training.clipGradients == 1 },
    Case("--ema_rate 0.999,0.9999") { $0.training.emaRates == [0.999, 0.9999] },
    Case("--ema-rate 0.9,0.90,0") { $0.training.emaRates == [0.9, 0] },
    Case("--schedule_sampler loss-second-moment") { $0.training.scheduleSampler == .lossSecondMoment },
    Case("--use_kl True") { $0.training.useKL }, Case("--use-kl no") { !$0.training.useKL },
    Case("--rescale_learned_sigmas False") { !$0.training.rescaleLearnedSigmas },
    Case("--use_checkpoint True") { $0.training.useCheckpoint }, Case("--dropout 0.3") { $0.training.dropout == 0.3 },
    Case("--class-cond --null-class 0.1") {
      $0.training.nullClassProbability == 0.1 && $0.training.settings.classCond == true
    },
    Case("--flip") { $0.training.flip }, Case("--flip False") { !$0.training.flip },
    Case("--log_interval 1 --save_interval 2 --sample-interval 3") {
      ($0.training.logInterval, $0.training.saveInterval, $0.training.sampleInterval) == (1, 2, 3)
    },
    Case("--resume_checkpoint m.pt") { $0.training.resumeCheckpoint == "m.pt" },
    Case("--resume_checkpoint=") { $0.training.resumeCheckpoint == nil },
    Case("--use_fp16 True --fp16_scale_growth 1e-3") { $0.run.wantsHalf },
    Case("--timestep_respacing=") { $0.request.respacing == nil },
    Case("--seed 18446744073709551615") { $0.training.seed == .max },
    Case("--threads 2 -q") { $0.threads == 2 && $0.quiet }, Case("--progress plain") { $0.progress == .plain },
    Case("--image-size 28 --in-channels 1 --channel-mult 1,2,2") {
      $0.training.settings.imageSize == 28 && $0.training.settings.inChannels == 1
        && $0.training.settings.channelMult == [1, 2, 2]
    },
    Case("--num-head-channels 64 --resblock-updown --use-new-attention-order") {
      $0.training.settings.numHeadChannels == 64 && $0.training.settings.resblockUpdown == true
        && $0.training.settings.useNewAttentionOrder == true
    },
    Case("--classifier") { $0.training.isClassifier && $0.training.isNoised },
    Case("--large_size 256 --small_size 64") { $0.training.smallSize == 64 && $0.training.settings.imageSize == 256 },
    Case("--classifier --noised False") { $0.training.isClassifier && !$0.training.isNoised },
    Case("--seed 1 --") { $0.training.seed == 1 },
  ]

  @Test(arguments: cases)
  func isUnderstood(_ c: Case) throws {
    #expect(c.check(try options("--data pictures --out run " + c.line)), "\(c.line)")
  }

  private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

  /// What is typed now counts over what is stored; the rest stays.
  @Test func aRunIsGoneOnWith() throws {
    var stored = try options("--data pictures --out run --class-cond --steps 5 --microbatch 8 --lr 1e-3 --seed 3")
      .training
    let line = words("--resume run --steps 9 --microbatch -1 --null-class 0.1 --image-size 32 --quiet")
    // Whether these suit the run can only be said with what it was begun with.
    #expect(try parseTraining(line) == .resume(folder: "run"))
    let found = try parseTraining(line, resuming: stored)
    stored.steps = 9
    stored.microbatch = nil
    stored.nullClassProbability = 0.1
    stored.settings.imageSize = 32
    #expect(found.training == stored && found.quiet)
    #expect(stored.settings.classCond == true && stored.learningRate == 1e-3 && stored.seed == 3)
  }

  @Test func whatDoesNotSuitTheRunIsSaid() {
    let stored = TrainingRequest(data: "pictures")
    #expect(throws: UsageError("--null-class stands for none of the classes; type --class-cond True too")) {
      try parseTraining(["--resume", "run", "--null-class", "0.1"], resuming: stored)
    }
    #expect(throws: UsageError("there is no option --stesp; did you mean --steps?")) {
      try parseTraining(["--resume", "run", "--stesp", "1"])
    }
  }

  /// The words of earlier versions mean what they meant, and the terminal's are left out.
  /// A run that is scored goes on with other features, or without scores.
  @Test func scoresCanBeChanged() throws {
    var stored = TrainingRequest(data: "p")
    (stored.scoreInterval, stored.scoreCount, stored.features, stored.reference) = (5, 50, "c", "r")
    var found = try parseTraining(["--resume", "run", "--inception", "i"], resuming: stored).training
    #expect(found.features == nil && found.inception == "i" && found.scoreInterval == 5 && found.reference == "r")
    stored = found
    found = try parseTraining(["--resume", "run", "--features", "d"], resuming: stored).training
    #expect(found.features == "d" && found.inception == nil)
    found = try parseTraining(["--resume", "run", "--score-interval", "0"], resuming: stored).training
    #expect(found == TrainingRequest(data: "p"))
    #expect(throws: UsageError.self) {
      try parseTraining(["--resume", "run", "--features", "d", "--inception", "i"], resuming: stored)
    }
  }

  @Test func earlierRunsAreUnderstood() throws {
    func record(_ json: String) throws -> RunRecord { try JSONDecoder().decode(RunRecord.self, from: Data(json.utf8)) }
    let earlier = try record(
      #"""
      {"arguments": ["--data", "p", "--lr=0.01", "-orun", "-q", "--threads", "2", "--"],\#
       "settings": {"training": "…"}, "version": "0.1.0"}
      """#
    )
    var expected = TrainingRequest(data: "p")
    expected.learningRate = 0.01
    // Averages did not warm up.
    expected.emaWarmUp = false
    #expect(try recordedRequest(earlier) == expected)
    let now = try record(
      #"""
      {"request": {"data": "p", "lr": 0.01}, "settings": {"seed": 0, "batch_size": 1, "microbatch": 1, "lr": 1,\#
       "weight_decay": 0, "warm_up": 0, "ema_rate": [], "null_class_probability": 0, "flip": false},\#
       "version": "1"}
      """#
    )
    #expect(try recordedRequest(now) == expected)
    for words in [#"["--resume", "run"]"#, #"["--help"]"#, #"["--nope"]"#, #"["--data", "p"]"#] {
      #expect(throws: UsageError.self) { try recordedRequest(record("{\"arguments\": \(words), \"version\": \"0\"}")) }
    }
  }

  @Test(arguments: [
    ("--data d", "train needs a folder for the run; type for instance --out run"),
    ("--out run", "train needs pictures; type --data with a folder of pictures or a .npz"),
    ("", "train needs pictures; type --data with a folder of pictures or a .npz"),
    ("--resume run --out other", "--resume continues in the run's own folder; leave --out out"),
    ("--resume", "--resume needs a value; type for instance --resume run"),
    ("--data", "--data needs a value; type for instance --data pictures"),
    (
      "--data --out run",
      "--data needs a value, but --out follows; type for instance --data pictures, or --data=--out if that is meant"
    ),
    ("--data= --out run", "--data has an empty value; type for instance --data pictures"),
    ("--ema-rate", "--ema-rate needs a value; type for instance --ema-rate 0.999,0.9999"),
    ("--stesp 5", "there is no option --stesp; did you mean --steps?"),
    ("--batchsize 5", "there is no option --batchsize; did you mean --batch-size?"),
    ("--frobnicate", "there is no option --frobnicate; train --help lists all options"),
    ("-x", "there is no option -x; train --help lists all options"),
    ("-lr 5", "there is no option -l; did you mean --lr?"),
    ("--model m.pt", "--model belongs to sample, not to train; leave it out"),
    ("--passes 3", "--passes belongs to sample bench, not to train; leave it out"),
    ("pictures", "\"pictures\" is not an option; did you mean --data pictures?"),
    ("my/pictures", "\"my/pictures\" is not an option; did you mean --data my/pictures?"),
    ("man", "\"man\" is not an option; did you mean --man?"),
    ("inspect", "\"inspect\" is not an option; did you mean --data inspect?"),
    ("--completions tcsh", "--completions: \"tcsh\" is not one of bash, zsh or fish"),
    ("--completions", "--completions needs a value; type for instance --completions bash"),
  ])
  func mistakesSayWhatToType(line: String, message: String) { expectMistake(line, message) }

  @Test(arguments: [
    (
      "--batch-size 4 --microbatch 8",
      "--microbatch 8 is more than a step's --batch-size 4; leave --microbatch out"
    ),
    ("--microbatch 17", "--microbatch 17 is more than a step's --batch-size 16; leave --microbatch out"),
    ("--microbatch 0", "--microbatch: 0 is out of range; type --microbatch with a number from 1 to 1000000"),
    ("--batch-size 0", "--batch-size: 0 is out of range; type --batch-size with a number from 1 to 1000000"),
    ("--null-class 0.1", "--null-class stands for none of the classes; type --class-cond True too"),
    (
      "--class-cond False --null-class 0.1",
      "--null-class stands for none of the classes; type --class-cond True too"
    ),
    (
      "--class-cond --null-class 1",
      "--null-class: 1 is out of range; type --null-class with a number from 0 up, below 1"
    ),
    (
      "--classifier --null-class 0.1",
      "--null-class is for models that draw, and --classifier trains one that does not; leave --null-class out"
    ),
    (
      "--small-size 64 --sample-interval 100",
      "--sample-interval draws from noise alone, which --small-size trains no model for; leave it out"
    ),
    (
      "--classifier-pool adaptive",
      "--classifier-pool adaptive: classifiers are pooled by attention here; type --classifier-pool attention"
    ),
    ("--ema-rate 1", "--ema-rate: 1 is out of range; type --ema-rate with a number from 0 up, below 1"),
    ("--ema-rate 0.9,1.5", "--ema-rate: 1.5 is out of range; type --ema-rate with a number from 0 up, below 1"),
    ("--ema-rate -0.5", "--ema-rate: -0.5 is out of range; type --ema-rate with a number from 0 up, below 1"),
    (
      "--ema-rate 0.9,,0.99",
      "--ema-rate: \"0.9,,0.99\" has an empty item; type for instance --ema-rate 0.999,0.9999"
    ),
    ("--ema-rate high", "--ema-rate: \"high\" is not a number; type for instance --ema-rate 0.5"),
    ("--dropout 1", "--dropout: 1 is out of range; type --dropout with a number from 0 up, below 1"),
    ("--lr fast", "--lr: \"fast\" is not a number; type for instance --lr 0.0001"),
    ("--clip-gradients 0", "--clip-gradients: 0 would clip everything; type for instance --clip-gradients 1"),
    (
      "--timestep_respacing 250",
      "--timestep-respacing 250 is for sampling; leave it out here, and type it after sample"
    ),
    (
      "--schedule-sampler uniforn",
      "--schedule-sampler: \"uniforn\" is not one of uniform or loss-second-moment; did you mean uniform?"
    ),
    ("--steps 0", "--steps: 0 is out of range; type --steps with a number from 1 to 1000000000"),
    ("-q --progress bar", "--quiet and --progress bar contradict each other; type only one of them"),
  ])
  func valuesThatCannotBeAreSaid(line: String, message: String) { expectMistake("--data d --out r " + line, message) }

  private func expectMistake(_ line: String, _ message: String) {
    do {
      Issue.record("\(line) was understood: \(try options(line))")
    } catch { #expect("\(error)" == message) }
  }

  @Test func whatIsPrintedInPlaceOfTraining() throws {
    #expect(try parseTraining(["--stesp", "--help"]) == .help)
    #expect(try parseTraining(["-h"]) == .help)
    #expect(try parseTraining(["--version", "x"]) == .version)
    #expect(try parseTraining(["--man"]) == .man)
    #expect(try parseTraining(["--completions", "fish"]) == .completions(.fish))
  }
}
