import DiffusionCore
import DiffusionText
import TensorCore

extension DenoiserCheck {
  /// The factor by which another setting must lower the error to be worth mentioning.
  private static let clearly = 1.15

  /// The result of a check.
  public struct Report: Sendable, Equatable, Encodable {
    /// The relative error: 0 is perfect, 1 is that of predicting nothing.
    public let error: Double
    /// One line that says that the settings look wrong and what would be better; nil if they look right.
    public let advice: String?

    private enum CodingKeys: CodingKey { case error, advice }

    /// Leaves out an error that is not a number, which JSON does not have.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      if error.isFinite { try container.encode(error, forKey: .error) }
      try container.encodeIfPresent(advice, forKey: .advice)
    }
  }

  /// Checks the resolved settings and searches for better ones. Questions assumed and stated settings, a published
  /// model's only if the network predicts nothing, and the file's never.
  ///
  /// - Parameters:
  ///   - name: the model's name in messages.
  ///   - tryingOthers: whether to try other settings even if that takes long.
  public func report(name: String, tryingOthers: Bool) -> Report {
    let error = error(resolved)
    let isPlausible = isPlausible(error)
    let questioned =
      specification.settings.filter { fact in
        switch fact.source {
        case .upstream, .stated: true
        case .published: !isPlausible
        case .tensors, .file: false
        }
      }.map(\.key) + (isProcessStated ? [] : ["process"])
    let best = isCheap || tryingOthers ? improved(resolved, error, questioned) : resolved
    let scale = "0 is perfect, predicting nothing is 1"
    if best != resolved {
      return Report(
        error: error,
        advice:
          """
          \(name): predicts better with \(flags(best)) (error \(decimal(self.error(best), 3)) rather than \
          \(decimal(error, 3)); \(scale)); try these flags unless you are sure
          """)
    }
    return Report(
      error: error,
      advice: isPlausible
        ? nil
        : """
        \(name): predicts no better than nothing on smooth pictures (error \(decimal(error, 2)); \(scale)): it is \
        untrained, or its heads, attention order, T or schedule are not those assumed; sample inspect says what is \
        assumed\(tryingOthers ? "" : ", and tries others")
        """)
  }

  /// Whether anything says that the process is diffusion.
  private var isProcessStated: Bool { specification.settings.contains { ["process", "scheduler"].contains($0.key) } }

  /// Changes one setting after another as long as that makes the error clearly lower.
  private func improved(_ start: Guess, _ error: Double, _ questioned: [String]) -> Guess {
    var (best, least) = (start, error)
    for _ in 0..<(isCheap ? 2 : 1) {
      let before = best
      for variation in variations where questioned.contains(variation.key) {
        for candidate in variation.guesses(best) where candidate != best {
          let error = self.error(candidate)
          let hasSameTarget = candidate.meanType == best.meanType && candidate.continuous == best.continuous
          let isComparable = hasSameTarget || isPlausible(error)
          if error * Self.clearly < least && isComparable { (best, least) = (candidate, error) }
        }
      }
      if best == before { break }
    }
    return best
  }

  private struct Variation {
    /// The key of the setting that varies, as in `ResolvedSetting.key`.
    let key: String
    let guesses: (Guess) -> [Guess]
  }

  private var variations: [Variation] {
    func changed(_ guess: Guess, _ change: (inout Guess) -> Void) -> Guess {
      var guess = guess
      change(&guess)
      return guess
    }
    let prediction = Variation(key: "prediction") { guess in
      // No image follows from the noise where there is nothing else.
      ModelMeanType.predictions.compactMap { ModelMeanType(prediction: $0) }
        .filter { $0 != .epsilon || specification.process.betas.last != 1 }
        .map { type in changed(guess) { $0.meanType = type } }
    }
    let hidden = network.variations(of: network.hiddenSettings).map { variation in
      Variation(key: variation.key) { [network] guess in
        let settings = network.variations(of: guess.hidden).first { $0.key == variation.key }?.settings ?? []
        return settings.map { settings in changed(guess) { $0.hidden = settings } }
      }
    }
    // The settings of diffusion are not known of a network that was taken for another process.
    if specification.process.continuous != nil { return hidden }
    // Last, and with the other settings as they were: they are those of diffusion.
    let process = Variation(key: "process") { [resolved] _ in
      [ContinuousDiffusion.Form.flow, .rectifiedFlow, .edm].map { form in
        changed(resolved) { $0.continuous = ContinuousDiffusion(form) }
      }
    }
    return [prediction] + hidden + [
      Variation(key: "diffusion_steps") { guess in
        // Schedules other than the original's are not defined for another T.
        guess.schedule == nil ? [] : [1000, 4000].map { steps in changed(guess) { $0.diffusionSteps = steps } }
      },
      Variation(key: "rescale_timesteps") { guess in [changed(guess) { $0.rescaleTimesteps.toggle() }] },
      Variation(key: "noise_schedule") { guess in
        BetaSchedule.allCases.map { schedule in changed(guess) { $0.schedule = schedule } }
      },
      process,
    ]
  }

  /// The changes in a guess, as the user would type them.
  private func flags(_ guess: Guess) -> String {
    let (settled, found) = (resolved.hidden, guess.hidden)
    var flags: [String] = []
    if let form = guess.continuous?.form, guess.continuous != resolved.continuous {
      flags.append("--process \(form.rawValue)")
    }
    if let prediction = guess.meanType.prediction, guess.meanType != resolved.meanType {
      flags.append("--prediction \(prediction)")
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
