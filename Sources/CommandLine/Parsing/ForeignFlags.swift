import DiffusionText

/// Flags of other programs that draw or train, for those who type them here: each has another name, or stands for what
/// these programs do not do.
enum ForeignFlags {
  /// What to say of a flag.
  enum Answer: Equatable {
    /// It is called this here, and takes the same value.
    case option(String)
    /// It is called this here, and takes another value; an example with one.
    case example(String)
    /// There is nothing like it; the rest of a sentence, with what to do.
    case nothing(String)
  }

  /// The error for a flag that `command` does not have.
  ///
  /// - Parameters:
  ///   - flag: as typed, with its hyphens.
  ///   - value: its value, if it has one.
  static func error(_ flag: String, _ value: String?, of command: CommandName) -> UsageError? {
    let name = flag.drop { $0 == "-" }.map { $0 == "_" ? "-" : $0 }
    let isShort = !flag.hasPrefix("--")
    let table = command == .train ? training : drawing
    guard let answer = isShort ? short(String(name), of: command) : table[String(name)] ?? both[String(name)] else {
      return nil
    }
    switch answer {
    case .option(let ours):
      // An option of another command would be no help.
      guard let option = options(of: command).first(where: { $0.names.contains(ours) }) else { return nil }
      let value = value.flatMap { takes(option, $0) ? $0 : nil }
      let advice =
        switch (option.value, value) {
        case (.required, let value?): "--\(ours) \(advised(value))"
        case (.required(_, let example), nil): "for instance --\(ours) \(example)"
        default: "--\(ours)"
        }
      return UsageError(verbatim: "there is no option \(sanitized(flag)); type \(advice)")
    case .example(let example):
      return UsageError("there is no option \(flag); type for instance \(example)")
    case .nothing(let reason): return UsageError("\(flag): \(reason)")
    }
  }

  /// Whether the option takes a value that was typed for another.
  private static func takes(_ option: OptionDefinition, _ value: String) -> Bool {
    var options = Options()
    return (try? option.apply(&options, value, option.names[0])) != nil
  }

  /// Letters of stable-diffusion.cpp.
  private static func short(_ letter: String, of command: CommandName) -> Answer? {
    guard command == .draw else { return nil }
    switch letter {
    case "m": return .option("model")
    case "s": return .option("seed")
    case "t": return .option("threads")
    case "b": return .option("count")
    case "i": return .option("init-image")
    case "p": return noText
    case "W", "H": return noSize
    case "v": return .nothing("it says what it does as it is; leave it out, or type --progress plain")
    default: return nil
    }
  }

  private static let noText = Answer.nothing(
    "these models draw without text, of a class at most; leave it out, or type --class and the name of one")
  private static let noSize = Answer.nothing("a model draws pictures of one size; leave it out, or type --scale 2")
  private static let noDevice = Answer.nothing("everything is computed by the CPU; leave it out")
  private static let oneType = Answer.nothing("everything is computed in float32; leave it out")
  private static let noEpochs = Answer.nothing(
    "training is counted in steps; type --steps and their number: epochs times pictures, divided by --batch-size")
  private static let noDownload = Answer.nothing(
    "nothing is downloaded here; leave it out, and give a file or a folder on this machine")

  /// Of programs that draw: diffusers' pipelines, stable-diffusion.cpp, k-diffusion, NVlabs/edm, image_nll.py.
  private static let drawing: [String: Answer] = [
    "num-inference-steps": .option("steps"), "inference-steps": .option("steps"), "n-steps": .option("steps"),
    "num-steps": .option("steps"), "ddim-steps": .option("steps"), "sampling-steps": .option("steps"),
    "sample-steps": .option("steps"), "sampling-timesteps": .option("steps"),
    "guidance-scale": .option("guidance"), "cfg-scale": .option("guidance"), "cfg": .option("guidance"),
    "scale-guidance": .option("guidance"), "w": .option("guidance"),
    "num-images": .option("count"), "num-images-per-prompt": .option("count"), "n-samples": .option("count"),
    "batch-count": .option("count"), "n": .option("count"), "n-images": .option("count"),
    "fid-samples": .option("count"),
    "sampling-method": .option("sampler"), "sample-method": .option("sampler"), "solver": .option("sampler"),
    "scheduler": .example("--sampler ddim"), "schedule": .example("--spacing karras"),
    "init-img": .option("init-image"), "image": .option("init-image"), "input-image": .option("init-image"),
    "mask-image": .option("mask"), "denoising-strength": .option("strength"),
    "output": .option("out"), "outdir": .option("out"), "output-dir": .option("out"), "out-dir": .option("out"),
    "output-path": .option("out"), "results-folder": .option("out"), "save-dir": .option("out"),
    "ckpt": .option("model"), "checkpoint": .option("model"), "ckpt-path": .option("model"),
    "diffusion-model": .option("model"), "checkpoint-path": .option("model"), "weights": .option("model"),
    "pretrained-model-name-or-path": .option("model"), "model-id": .option("model"), "pipeline": .option("model"),
    "network-pkl": .option("model"),
    "class-labels": .option("class"), "class-label": .option("class"), "label": .option("class"),
    "labels": .option("class"), "class-idx": .option("class"), "classes": .option("class"),
    "seeds": .example("--rng torch --seed 0 --count 64 --out 'img-%05d.png'"), "random-seed": .option("seed"),
    "generator-seed": .option("seed"),
    "image-guidance-scale": .option("guidance"), "ddim-eta": .option("eta"), "n-iter": .option("count"),
    "plms": .example("--sampler plms"), "skip-type": .example("--spacing leading"),
    "ni": .nothing("nothing is asked; leave it out"),
    "type": .nothing("weights are used as the file holds them; leave it out"),
    "prompt": noText, "negative-prompt": noText, "text": noText, "caption": noText, "clip-skip": noText,
    "width": noSize, "height": noSize, "resolution": noSize, "size": noSize,
    "vae": .nothing("an autoencoder is found in the folder of its model; leave it out, and give the folder to --model"),
    "data-dir": .example("sample nll --model model.pt picture.png"),
    "verbose": .example("--progress plain"),
  ]

  /// Of programs that train: diffusers' examples, lucidrains, EDM.
  private static let training: [String: Answer] = [
    "train-data-dir": .option("data"), "dataset": .option("data"), "folder": .option("data"), "images": .option("data"),
    "data-path": .option("data"), "dataset-name": noDownload, "dataset-config-name": noDownload,
    "output-dir": .option("out"), "outdir": .option("out"), "results-folder": .option("out"),
    "logging-dir": .option("out"), "save-dir": .option("out"), "model-dir": .option("out"),
    "resolution": .option("image-size"), "size": .option("image-size"),
    "train-batch-size": .option("batch-size"), "batch": .option("batch-size"), "bs": .option("batch-size"),
    "learning-rate": .option("lr"), "train-lr": .option("lr"), "max-train-steps": .option("steps"),
    "train-num-steps": .option("steps"), "num-steps": .option("steps"),
    "total-training-steps": .option("steps"),
    "num-epochs": noEpochs, "epochs": noEpochs, "num-train-epochs": noEpochs,
    "lr-warmup-steps": .option("warm-up"), "warmup": .option("warm-up"), "warmup-steps": .option("warm-up"),
    "max-grad-norm": .option("clip-gradients"), "grad-clip": .option("clip-gradients"),
    "adam-weight-decay": .option("weight-decay"), "ema-decay": .option("ema-rate"), "ema": .option("ema-rate"),
    "ema-max-decay": .option("ema-rate"), "use-ema": .nothing("an average is always kept; leave it out"),
    "random-flip": .option("flip"), "augment-horizontal-flip": .option("flip"), "xflip": .option("flip"),
    "center-crop": .nothing("pictures are always cut at the centre; leave it out"),
    "ddpm-num-steps": .option("diffusion-steps"), "num-timesteps": .option("diffusion-steps"),
    "timesteps": .option("diffusion-steps"), "ddpm-beta-schedule": .option("noise-schedule"),
    "beta-schedule": .option("noise-schedule"), "prediction-type": .option("prediction"),
    "objective": .example("--prediction v"), "checkpointing-steps": .option("save-interval"),
    "save-model-epochs": .option("save-interval"), "save-and-sample-every": .option("sample-interval"),
    "save-images-epochs": .option("sample-interval"), "save-every": .option("save-interval"),
    "resume-from-checkpoint": .option("resume"), "gradient-checkpointing": .option("use-checkpoint"),
    "gradient-accumulation-steps": .example("--batch-size 64 --microbatch 16"),
    "accumulation-steps": .example("--batch-size 64 --microbatch 16"), "random-seed": .option("seed"),
    "lr-scheduler": .example("--warm-up 500 --lr-anneal-steps 100000"),
    "val-data-dir": .nothing("nothing is measured on pictures that are left out; leave it out"),
    "eval-interval": .nothing("nothing is measured on pictures that are left out; leave it out"),
    "logger": .nothing("the log is progress.csv and progress.jsonl in the folder of the run; leave it out"),
    "dataloader-num-workers": .option("threads"), "num-workers": .option("threads"), "workers": .option("threads"),
    "pretrained-model-name-or-path": .option("resume-checkpoint"), "init-checkpoint": .option("resume-checkpoint"),
  ]

  /// Of either.
  private static let both: [String: Answer] = [
    "device": noDevice, "gpu": noDevice, "gpus": noDevice, "cuda": noDevice, "gpu-ids": noDevice, "no-cuda": noDevice,
    "local-rank": noDevice, "fp16": oneType, "half-precision": oneType, "mixed-precision": oneType, "amp": oneType,
    "bf16": oneType, "dtype": oneType, "precision": oneType, "torch-dtype": oneType, "num-threads": .option("threads"),
    "push-to-hub": .nothing("nothing is uploaded here; leave it out"), "hub-token": noDownload, "token": noDownload,
    "cache-dir": noDownload,
  ]
}
