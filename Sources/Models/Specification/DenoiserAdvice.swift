import DiffusionCore
import DiffusionText
import TensorCore

extension DenoiserCheck {
  /// The factor by which another setting must lower the error to be worth mentioning.
  private static let clearly = 1.15
  /// How much less the logarithms of errors must sum to for another schedule or T to be worth mentioning. That is
  /// little: a network sees most of what it is told of the noise by itself. The check's own noise is half as much on
  /// networks that were trained for 1,000 steps (`make digits`).
  private static let margin = 0.05

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
    let shares = shares(closely: tryingOthers)
    let error = errors(resolved, shares, of: choice(resolved)).mean
    let isPlausible = isPlausible(error)
    let questioned =
      specification.settings.filter { fact in
        switch fact.source {
        case .upstream, .stated: true
        case .published: !isPlausible
        case .tensors, .file: false
        }
      }.map(\.key) + (isProcessStated ? [] : ["process"])
    let best = isCheap || tryingOthers ? improved(resolved, questioned, shares) : resolved
    let scale = "0 is perfect, predicting nothing is 1"
    if best != resolved {
      let bestError = errors(best, shares, of: choice(best)).mean
      return Report(
        error: error,
        advice:
          """
          \(name): predicts better with \(flags(best)) (error \(decimal(bestError, 3)) rather than \
          \(decimal(error, 3)); \(scale)); try these flags unless you are sure
          """)
    }
    return Report(
      error: error,
      advice: isPlausible
        ? nil
        : """
        \(name): predicts no better than nothing on drawings with noise (error \(decimal(error, 2)); \(scale)): it is \
        untrained, or its heads, attention order, T or schedule are not those assumed; sample inspect says what is \
        assumed\(tryingOthers ? "" : ", and tries others")
        """)
  }

  /// Whether anything says that the process is diffusion.
  private var isProcessStated: Bool { specification.settings.contains { ["process", "scheduler"].contains($0.key) } }

  /// Changes one setting after another as long as that makes the errors clearly lower.
  private func improved(_ start: Guess, _ questioned: [String], _ shares: [Double]) -> Guess {
    var best = start
    for _ in 0..<(isCheap ? 2 : 1) {
      let before = best
      var choice = choice(best)
      var least = errors(best, shares, of: choice)
      for variation in variations where questioned.contains(variation.key) {
        for candidate in variation.guesses(best) where candidate != best {
          let hasSameTarget = candidate.meanType == best.meanType && candidate.continuous == best.continuous
          // What is read off the output wrongly says nothing of which pictures the network knows.
          let pictures = hasSameTarget ? choice : self.choice(candidate)
          guard hasSameTarget || isPlausible(pictures.least) else { continue }
          let errors = errors(candidate, shares, of: pictures)
          if errors.mean * Self.clearly < least.mean && (hasSameTarget || isPlausible(errors.mean)) {
            (best, least, choice) = (candidate, errors, pictures)
          }
        }
      }
      if best.continuous == nil && isPlausible(least.mean) {
        best = timed(best, least, questioned, shares, of: choice)
      }
      if best == before { break }
    }
    return best
  }

  /// Finds the schedule, T and rescaling by which the network is told the timestep that fits the noise best. A timestep
  /// that is slightly off hardly matters to it, so what counts is how far errors are above the least that any timestep
  /// gave.
  private func timed(
    _ guess: Guess, _ errors: Errors, _ questioned: [String], _ shares: [Double], of choice: Choice
  ) -> Guess {
    func told(_ guess: Guess) -> [Float] { shares.map { timestep(guess, share: $0).told } }
    func isAlmost(_ a: [Float], _ b: [Float]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) <= 1 + 0.02 * $1 } }
    var candidates = [(guess: guess, told: told(guess), errors: errors)]
    // Those that change less come first: of guesses that tell the network the same, one is enough.
    for candidate in timedGuesses(guess, questioned) {
      let timesteps = told(candidate)
      if candidates.contains(where: { isAlmost($0.told, timesteps) }) { continue }
      candidates.append((candidate, timesteps, self.errors(candidate, shares, of: choice)))
    }
    let floor = shares.indices.map { k in candidates.map { $0.errors.logarithms[k] }.min() ?? 0 }
    func excess(_ errors: Errors) -> Double { zip(errors.logarithms, floor).reduce(0) { $0 + $1.0 - $1.1 } }
    var best = candidates[0]
    for candidate in candidates.dropFirst() {
      let (found, least) = (excess(candidate.errors), excess(best.errors))
      if found + Self.margin < least && 2 * found < least { best = candidate }
    }
    return best.guess
  }

  /// Guesses with another schedule, T or rescaling, those that change less first.
  private func timedGuesses(_ guess: Guess, _ questioned: [String]) -> [Guess] {
    // Schedules other than the original's are not defined for another T.
    guard let schedule = guess.schedule else { return [] }
    let schedules = questioned.contains("noise_schedule") ? BetaSchedule.allCases : [schedule]
    let steps = questioned.contains("diffusion_steps") ? [1000, 4000] : []
    let rescalings = questioned.contains("rescale_timesteps") ? [!guess.rescaleTimesteps] : []
    var guesses: [(guess: Guess, changes: Int)] = []
    for schedule in [schedule] + schedules.filter({ $0 != schedule }) {
      for rescales in [guess.rescaleTimesteps] + rescalings {
        for steps in [guess.diffusionSteps] + steps.filter({ $0 != guess.diffusionSteps }) {
          var other = guess
          (other.schedule, other.diffusionSteps, other.rescaleTimesteps) = (schedule, steps, rescales)
          let isChanged = [
            other.schedule != guess.schedule, steps != guess.diffusionSteps, rescales != guess.rescaleTimesteps,
          ]
          guesses.append((other, isChanged.filter { $0 }.count))
        }
      }
    }
    return (1...3).flatMap { count in guesses.filter { $0.changes == count }.map(\.guess) }
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
    return [prediction] + hidden + [process]
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
