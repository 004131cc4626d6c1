import DiffusionCore
import DiffusionText
import TensorCore

extension DenoiserCheck {
  /// How much lower the error must be for another setting to be worth a word.
  private static let clearly = 1.15

  /// What the check finds.
  public struct Report: Sendable, Equatable, Encodable {
    /// 0 is perfect, 1 is that of predicting nothing.
    public let error: Double
    /// One line that says that the settings look wrong and what would do better; nil where nothing looks wrong.
    public let advice: String?
  }

  /// Checks what has been resolved, and what would do better. What was assumed or stated is questioned; what is known of a published
  /// model only where the network predicts nothing; what the file says is not.
  ///
  /// - Parameters:
  ///   - name: what messages call the model.
  ///   - tryingOthers: whether to look for other settings even where that takes long.
  public func report(name: String, tryingOthers: Bool) -> Report {
    let error = error(resolved)
    let isPlausible = isPlausible(error)
    let questioned = specification.settings.filter { fact in
      switch fact.source {
      case .upstream, .stated: true
      case .published: !isPlausible
      case .tensors, .file: false
      }
    }.map(\.key)
    let best = isCheap || tryingOthers ? improved(resolved, error, questioned) : resolved
    let scale = "0 is perfect, predicting nothing is 1"
    if best != resolved {
      return Report(
        error: error,
        advice:
          "\(name): predicts better with \(flags(best)) (error \(decimal(self.error(best), 3)) rather than \(decimal(error, 3)); \(scale)); try these flags unless you are sure"
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
    let hidden = network.variations(of: network.hiddenSettings).map { variation in
      Variation(key: variation.key) { [network] guess in
        let settings = network.variations(of: guess.hidden).first { $0.key == variation.key }?.settings ?? []
        return settings.map { settings in changed(guess) { $0.hidden = settings } }
      }
    }
    return [Variation(key: "predict_xstart") { guess in [changed(guess) { $0.predictXstart.toggle() }] }] + hidden + [
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
    let (settled, found) = (resolved.hidden, guess.hidden)
    var flags: [String] = []
    if guess.predictXstart != resolved.predictXstart {
      flags.append("--predict-xstart \(guess.predictXstart ? "True" : "False")")
    }
    if let channels = found.numHeadChannels, channels != settled.numHeadChannels {
      flags.append("--num-head-channels \(channels)")
    } else if found.numHeadChannels == nil, let heads = found.numHeads,
      (heads, settled.numHeadChannels) != (settled.numHeads, nil)
    {
      flags.append("--num-heads \(heads)")
    }
    if found.useNewAttentionOrder != settled.useNewAttentionOrder {
      flags.append("--use-new-attention-order \(found.useNewAttentionOrder == true ? "True" : "False")")
    }
    if guess.diffusionSteps != resolved.diffusionSteps { flags.append("--diffusion-steps \(guess.diffusionSteps)") }
    if guess.rescaleTimesteps != resolved.rescaleTimesteps {
      flags.append("--rescale-timesteps \(guess.rescaleTimesteps ? "True" : "False")")
    }
    if let schedule = guess.schedule, schedule != resolved.schedule {
      flags.append("--noise-schedule \(schedule.rawValue)")
    }
    return flags.joined(separator: " ")
  }
}
