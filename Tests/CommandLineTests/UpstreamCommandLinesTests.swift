import DiffusionOutput
import Foundation
import Sampling
import TestSupport
import Testing

@testable import DiffusionCommandLine

/// Someone pastes a command line of another code base behind `sample` or `train`: it means what it meant there, or it
/// is refused by the one flag that asks for an algorithm that is not here.
struct UpstreamCommandLinesTests {
  struct Line: Sendable, CustomStringConvertible {
    let program: String
    let source: String
    let words: [String]

    var description: String { "\(program) \(words.joined(separator: " "))" }

    /// The script that the line was written for.
    var script: String { source.split(separator: ",").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "" }

    /// The flags and their values; the last of several counts, as in argparse.
    var flags: [(name: String, value: String)] {
      var flags: [(name: String, value: String)] = []
      for word in words {
        if word.hasPrefix("--") {
          let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1)
          flags.append((String(parts[0]), parts.count > 1 ? String(parts[1]) : ""))
        } else if !flags.isEmpty {
          flags[flags.count - 1].value = word
        }
      }
      return flags.enumerated().filter { i, flag in !flags[(i + 1)...].contains { $0.name == flag.name } }.map(
        \.element)
    }
  }

  static let lines: [Line] = {
    let file = FileManager.default.contents(atPath: Fixture.path("upstream-command-lines.txt")) ?? Data()
    let text = String(decoding: file, as: UTF8.self)
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let parts = line.components(separatedBy: " | ")
      // An empty value is typed in quotes.
      return Line(
        program: parts[0], source: parts[1], words: parts[2].split(separator: " ").map { $0 == "''" ? "" : String($0) })
    }
  }()

  /// The scripts of algorithms that are not here, and the flag that asks for each.
  static let refusals = [
    "cm_train.py": "--training_mode consistency_", "edm_train.py": "--schedule_sampler lognormal",
    "train_imagenet_edm": "--schedule_sampler lognormal", "ternary_search.py": "--ref_batch ",
    "ilvr_sample.py": "--down_N ", "test.py": "--conf_path ", "main.py": "--deg ",
    "sample_condition.py": "--task_config ",
  ]

  @Test func thereAreLines() { #expect(Self.lines.count > 60) }

  @Test(arguments: lines) func theLineMeansWhatItMeantThere(_ line: Line) throws {
    let refusal =
      line.source.hasPrefix("jychoi118/P2-weighting") && line.program == "train"
      ? "--p2_gamma " : Self.refusals[line.script]
    if let refusal {
      // Whichever flag comes first, and with a folder for the run or without.
      for words in [line.words, Self.reordered(line.words)] {
        let error = #expect(throws: UsageError.self) { _ = try Self.options(line.program, words) }
        #expect(error?.description.hasPrefix(refusal) == true, "\(error?.description ?? "")")
      }
      return
    }
    let options = try Self.options(line.program, line.words)
    let meanings = line.program == "train" ? Self.training : Self.drawing
    for (name, value) in line.flags {
      let holds = try #require(meanings[name], "nobody has said what --\(name) means")
      #expect(holds(options, value), "--\(name) \(value)")
    }
  }

  /// `--name value` pairs in the opposite order.
  private static func reordered(_ words: [String]) -> [String] {
    var groups: [[String]] = []
    for word in words {
      if word.hasPrefix("-") { groups.append([word]) } else { groups[groups.count - 1].append(word) }
    }
    return groups.reversed().flatMap { $0 }
  }

  private static func options(_ program: String, _ words: [String]) throws -> Options {
    if program == "train" {
      guard case .train(let options, "run") = try parseTraining(words + ["--out", "run"]) else {
        throw UsageError("this does not train")
      }
      return options
    }
    guard case .draw(let options) = try parse(words) else { throw UsageError("this does not draw") }
    return options
  }

  typealias Meaning = @Sendable (Options, String) -> Bool

  private static func isTrue(_ value: String) -> Bool { value == "True" }
  private static func numbers(_ value: String) -> [Int] { value.split(separator: ",").compactMap { Int($0) } }

  /// What flags of models mean to both programs.
  private static func model(_ settings: @escaping @Sendable (Options) -> StatedSettings) -> [String: Meaning] {
    [
      "image_size": { settings($0).imageSize == Int($1) }, "large_size": { settings($0).imageSize == Int($1) },
      "num_channels": { settings($0).numChannels == Int($1) },
      "num_res_blocks": { settings($0).numResBlocks == Int($1) },
      "num_heads": { settings($0).numHeads == Int($1) },
      "num_head_channels": { settings($0).numHeadChannels == Int($1) },
      "attention_resolutions": { settings($0).attentionResolutions == numbers($1) },
      "learn_sigma": { settings($0).learnSigma == isTrue($1) }, "class_cond": { settings($0).classCond == isTrue($1) },
      "use_scale_shift_norm": { settings($0).useScaleShiftNorm == isTrue($1) },
      "resblock_updown": { settings($0).resblockUpdown == isTrue($1) },
      "use_new_attention_order": { settings($0).useNewAttentionOrder == isTrue($1) },
      "diffusion_steps": { settings($0).diffusionSteps == Int($1) },
      "noise_schedule": { settings($0).noiseSchedule == $1 },
      "rescale_timesteps": { settings($0).rescaleTimesteps == isTrue($1) },
      // Computed in float32 whatever it says.
      "use_fp16": { _, _ in true },
    ]
  }

  static let drawing: [String: Meaning] = {
    var means = model(\.request.settings)
    means["model_path"] = { $0.request.model == $1 }
    means["num_samples"] = { $0.request.count == Int($1) }
    means["batch_size"] = { $0.request.batch == Int($1) }
    means["timestep_respacing"] = { options, value in
      // Of all timesteps DDPM is drawn, which is decided when the model is known.
      options.request.respacing == value
        && ["ddim", "ddpm", value.isEmpty ? nil : "ddpm"].contains(options.request.sampler)
    }
    means["use_ddim"] = { $0.request.sampler == (isTrue($1) ? "ddim" : "ddpm") }
    means["classifier_path"] = { $0.request.classifier == $1 }
    means["classifier_scale"] = { $0.request.classifierScale == Double($1) }
    means["base_samples"] = { $0.request.lowRes == $1 }
    means["sampler"] = { $0.request.sampler == $1 }
    means["steps"] = { $0.request.steps == Int($1) }
    means["ts"] = { $0.request.scales == numbers($1) }
    means["s_churn"] = { $0.request.churn == Double($1) }
    means["sigma_max"] = { $0.request.settings.sigmaMax == Double($1) }
    means["sigma_min"] = { $0.request.settings.sigmaMin == Double($1) }
    means["training_mode"] = { $0.request.settings.process == ($1 == "edm" ? "edm" : "consistency") }
    means["sample_dir"] = { $0.output.destination?.path == $1 + "/" }
    // Of training, of the classifier's file, of the images to enlarge, or of the stream of noise, which is another.
    for name in [
      "dropout", "use_kl", "rescale_learned_sigmas", "weight_schedule", "generator", "small_size", "classifier_depth",
      "classifier_width", "classifier_attention_resolutions", "classifier_pool", "classifier_resblock_updown",
      "classifier_use_scale_shift_norm", "classifier_use_fp16",
    ] { means[name] = { _, _ in true } }
    return means
  }()

  static let training: [String: Meaning] = {
    var means = model(\.training.settings)
    means["data_dir"] = { $0.training.data == $1 }
    means["lr"] = { $0.training.learningRate == Double($1) }
    means["batch_size"] = { $0.training.batchSize == Int($1) }
    means["microbatch"] = { $0.training.microbatch == Int($1) }
    means["dropout"] = { $0.training.dropout == Double($1) }
    means["use_kl"] = { $0.training.useKL == isTrue($1) }
    means["schedule_sampler"] = { $0.training.scheduleSampler.rawValue == $1 }
    means["rescale_learned_sigmas"] = { $0.training.rescaleLearnedSigmas == isTrue($1) }
    means["small_size"] = { $0.training.smallSize == Int($1) }
    means["iterations"] = { $0.training.steps == Int($1) }
    means["anneal_lr"] = { $0.training.annealsOverAll == isTrue($1) }
    means["save_interval"] = { $0.training.saveInterval == Int($1) }
    means["weight_decay"] = { $0.training.weightDecay == Double($1) }
    means["classifier_width"] = { $0.training.settings.numChannels == Int($1) && $0.training.isClassifier }
    means["classifier_depth"] = { $0.training.settings.numResBlocks == Int($1) }
    means["classifier_attention_resolutions"] = { $0.training.settings.attentionResolutions == numbers($1) }
    means["classifier_pool"] = { $1 == "attention" && $0.training.isClassifier }
    means["classifier_resblock_updown"] = { $0.training.settings.resblockUpdown == isTrue($1) }
    means["classifier_use_scale_shift_norm"] = { $0.training.settings.useScaleShiftNorm == isTrue($1) }
    return means
  }()
}
