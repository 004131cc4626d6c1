import DiffusionCommandLine
import DiffusionCore
import DiffusionText
import TensorCore

extension DenoiserCheck {
  /// How much lower the error must be for another setting to be worth a word.
  private static let clearly = 1.15

  /// What the check finds.
  struct Report: Encodable {
    /// See `error(_:)`.
    let error: Double
    /// One line that says that the settings look wrong and what would do better; nil where nothing looks wrong.
    let advice: String?
  }

  /// Checks what has been settled, and what would do better. What was assumed or typed is questioned; what is known of a published
  /// model only where the network predicts nothing; what the file says is not.
  ///
  /// - Parameter tryingOthers: whether to look for other settings even where that takes long.
  func report(name: String, tryingOthers: Bool) -> Report {
    let error = error(settled)
    let isPlausible = isPlausible(error)
    let questioned = settings.facts.filter { fact in
      switch fact.source {
      case .upstream, .flags: true
      case .published: !isPlausible
      case .tensors, .file: false
      }
    }.map(\.key)
    let best = isCheap || tryingOthers ? improved(settled, error, questioned) : settled
    let scale = "0 is perfect, predicting nothing is 1"
    if best != settled {
      return Report(
        error: error,
        advice:
          "\(name): predicts better with \(flags(best)) (error \(decimal(self.error(best), 3)) rather than \(decimal(error, 3)); \(scale)); type that if you do not know better"
      )
    }
    return Report(
      error: error,
      advice: isPlausible
        ? nil
        : "\(name): predicts no better than nothing on smooth pictures (error \(decimal(error, 2)); \(scale)): it is untrained, or its heads, attention order, T or schedule are not those assumed; sample inspect says what is assumed\(tryingOthers ? "" : ", and tries others")"
    )
  }

  /// Changes one setting after the other for the better, as long as that makes the error clearly lower.
  private func improved(_ start: Guess, _ error: Double, _ questioned: [String]) -> Guess {
    var (best, least) = (start, error)
    for _ in 0..<(isCheap ? 2 : 1) {
      let before = best
      for variation in variations where questioned.contains(variation.key) {
        for candidate in variation.guesses(best) where candidate != best {
          let error = self.error(candidate)
          let isComparable = candidate.predictXstart == best.predictXstart || isPlausible(error)
          if error * Self.clearly < least && isComparable { (best, least) = (candidate, error) }
        }
      }
      if best == before { break }
    }
    return best
  }

  private struct Variation {
    /// The setting that is varied, as in `ResolvedSetting.key`.
    let key: String
    let guesses: (Guess) -> [Guess]
  }

  private var variations: [Variation] {
    func changed(_ guess: Guess, _ change: (inout Guess) -> Void) -> Guess {
      var guess = guess
      change(&guess)
      return guess
    }
    func heads(_ guess: Guess) -> [Guess] {
      let counts = [1, 2, 4, 8].map { count in
        changed(guess) { ($0.numHeads, $0.numHeadChannels, $0.numHeadsUpsample) = (count, nil, nil) }
      }
      let channels = [32, 64].map { count in
        changed(guess) { ($0.numHeads, $0.numHeadChannels, $0.numHeadsUpsample) = (1, count, nil) }
      }
      return (counts + channels).filter { guess in
        var configuration = settings.unet
        configuration.numHeads = guess.numHeads
        configuration.numHeadChannels = guess.numHeadChannels
        configuration.numHeadsUpsample = nil
        return (try? configuration.validate()) != nil
      }
    }
    return [
      Variation(key: "predict_xstart") { guess in [changed(guess) { $0.predictXstart.toggle() }] },
      Variation(key: "num_heads", guesses: heads), Variation(key: "num_head_channels", guesses: heads),
      Variation(key: "use_new_attention_order") { guess in
        [changed(guess) { $0.order = $0.order == .byHead ? .byPart : .byHead }]
      },
      Variation(key: "diffusion_steps") { guess in
        // Of other schedules than the original's it is not known what they are with another T.
        guess.schedule == nil ? [] : [1000, 4000].map { steps in changed(guess) { $0.diffusionSteps = steps } }
      },
      Variation(key: "rescale_timesteps") { guess in [changed(guess) { $0.rescaleTimesteps.toggle() }] },
      Variation(key: "noise_schedule") { guess in
        BetaSchedule.allCases.map { schedule in changed(guess) { $0.schedule = schedule } }
      },
    ]
  }

  /// What a guess changes, as it is typed.
  private func flags(_ guess: Guess) -> String {
    var flags: [String] = []
    if guess.predictXstart != settled.predictXstart {
      flags.append("--predict-xstart \(guess.predictXstart ? "True" : "False")")
    }
    if let channels = guess.numHeadChannels, channels != settled.numHeadChannels {
      flags.append("--num-head-channels \(channels)")
    } else if guess.numHeadChannels == nil && (guess.numHeads, settled.numHeadChannels) != (settled.numHeads, nil) {
      flags.append("--num-heads \(guess.numHeads)")
    }
    if guess.order != settled.order {
      flags.append("--use-new-attention-order \(guess.order == .byPart ? "True" : "False")")
    }
    if guess.diffusionSteps != settled.diffusionSteps { flags.append("--diffusion-steps \(guess.diffusionSteps)") }
    if guess.rescaleTimesteps != settled.rescaleTimesteps {
      flags.append("--rescale-timesteps \(guess.rescaleTimesteps ? "True" : "False")")
    }
    if let schedule = guess.schedule, schedule != settled.schedule {
      flags.append("--noise-schedule \(schedule.rawValue)")
    }
    return flags.joined(separator: " ")
  }
}
