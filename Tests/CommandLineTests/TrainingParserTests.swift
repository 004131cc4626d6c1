import Testing

@testable import DiffusionCommandLine

/// What a command line of `train` means, typed as one would in a shell without quotes.
private func options(_ line: String) throws -> Options {
  guard case .train(let options) = try parseTraining(line.split(separator: " ").map(String.init)) else {
    throw UsageError("not training: \(line)")
  }
  return options
}

struct TrainingParserTests {
  @Test func defaults() throws {
    var expected = Options()
    expected.training.data = "pictures"
    expected.training.out = "run"
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
    Case("-orun") { $0.training.out == "run" }, Case("--data_dir=x.npz") { $0.training.data == "x.npz" },
    Case("--steps 5 --steps=7") { $0.training.steps == 7 }, Case("--batch_size 128") { $0.training.batchSize == 128 },
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
    Case("--class-cond --null-class 0.1") { $0.training.nullClass == 0.1 && $0.modelFlags.classCond == true },
    Case("--flip") { $0.training.flip }, Case("--flip False") { !$0.training.flip },
    Case("--log_interval 1 --save_interval 2 --sample-interval 3") {
      ($0.training.logInterval, $0.training.saveInterval, $0.training.sampleInterval) == (1, 2, 3)
    },
    Case("--resume_checkpoint m.pt") { $0.training.resumeCheckpoint == "m.pt" },
    Case("--resume_checkpoint=") { $0.training.resumeCheckpoint == nil },
    Case("--use_fp16 True --fp16_scale_growth 1e-3") { $0.training.wantsHalf },
    Case("--timestep_respacing=") { $0.respacing == nil }, Case("--seed 18446744073709551615") { $0.seed == .max },
    Case("--threads 2 -q") { $0.threads == 2 && $0.quiet }, Case("--progress plain") { $0.progress == .plain },
    Case("--image-size 28 --in-channels 1 --channel-mult 1,2,2") {
      $0.modelFlags.imageSize == 28 && $0.modelFlags.inChannels == 1 && $0.modelFlags.channelMult == [1, 2, 2]
    },
    Case("--num-head-channels 64 --resblock-updown --use-new-attention-order") {
      $0.modelFlags.numHeadChannels == 64 && $0.modelFlags.resblockUpdown == true
        && $0.modelFlags.useNewAttentionOrder == true
    },
    Case("--classifier") { $0.training.isClassifier && $0.training.isNoised },
    Case("--large_size 256 --small_size 64") { $0.training.smallSize == 64 && $0.modelFlags.imageSize == 256 },
    Case("--classifier --noised False") { $0.training.isClassifier && !$0.training.isNoised },
    Case("--seed 1 --") { $0.seed == 1 },
  ]

  @Test(arguments: cases)
  func isUnderstood(_ c: Case) throws {
    #expect(c.check(try options("--data pictures --out run " + c.line)), "\(c.line)")
  }

  @Test func aRunIsGoneOnWith() throws {
    let options = try options("--resume run --steps 9 --data elsewhere --microbatch 32 --null-class 0.1")
    #expect(options.training.resume == "run" && options.training.out == nil)
    #expect(options.training.steps == 9 && options.training.data == "elsewhere")
    // Whether these suit the run can only be said with what it was begun with.
    #expect(options.training.microbatch == 32 && options.training.nullClass == 0.1)
  }

  @Test(arguments: [
    ("--data d", "train needs a folder for the run; type for instance --out run"),
    ("--out run", "train needs pictures; type --data with a folder of PNGs or a .npz"),
    ("", "train needs pictures; type --data with a folder of PNGs or a .npz"),
    ("--resume run --out other", "--resume goes on in the run's own folder; leave --out out"),
    ("--resume", "--resume needs a value; type for instance --resume run"),
    ("--data", "--data needs a value; type for instance --data pictures"),
    (
      "--data --out run",
      "--data needs a value, but --out follows; type for instance --data pictures, or --data=--out if it is meant"
    ),
    ("--data= --out run", "--data has an empty value; type for instance --data pictures"),
    ("--ema-rate", "--ema-rate needs a value; type for instance --ema-rate 0.999,0.9999"),
    ("--stesp 5", "there is no option --stesp; did you mean --steps?"),
    ("--batchsize 5", "there is no option --batchsize; did you mean --batch-size?"),
    ("--frobnicate", "there is no option --frobnicate; train --help lists the options there are"),
    ("-x", "there is no option -x; train --help lists the options there are"),
    ("-lr 5", "there is no option -l; did you mean --lr?"),
    ("--model m.pt", "--model belongs to sample, not to train; leave it out"),
    ("--passes 3", "--passes belongs to sample bench, not to train; leave it out"),
    ("pictures", "\"pictures\" belongs to no option; did you mean --data pictures?"),
    ("my/pictures", "\"my/pictures\" belongs to no option; did you mean --data my/pictures?"),
    ("man", "\"man\" belongs to no option; did you mean --man?"),
    ("inspect", "\"inspect\" belongs to no option; did you mean --data inspect?"),
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
    ("--ema-rate -0.5", "--ema-rate: -0.5 is out of range; type --ema-rate with a number from 0 up"),
    (
      "--ema-rate 0.9,,0.99",
      "--ema-rate: \"0.9,,0.99\" has an empty place between commas; type for instance --ema-rate 0.999,0.9999"
    ),
    ("--ema-rate high", "--ema-rate: \"high\" is not a number; type for instance --ema-rate 1.5"),
    ("--dropout 1", "--dropout: 1 is out of range; type --dropout with a number from 0 up, below 1"),
    ("--lr fast", "--lr: \"fast\" is not a number; type for instance --lr 1.5"),
    ("--clip-gradients 0", "--clip-gradients: 0 would clip all; type for instance --clip-gradients 1"),
    (
      "--timestep_respacing 250",
      "--timestep-respacing 250 spaces the steps of drawing; leave it out, and type it for sample"
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
