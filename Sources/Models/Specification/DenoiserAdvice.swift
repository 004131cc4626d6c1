import DiffusionCore
import DiffusionText
import TensorCore

extension DenoiserCheck {
  /// The factor by which another prediction or process must lower the error to be worth mentioning.
  private static let clearly = 1.15
  /// How much less the logarithms of errors must sum to for another schedule, T or number of heads to be worth
  /// mentioning. That is little: a network sees most of what it is told of the noise by itself. Models of `make digits`
  /// stopped after 1,000 steps show it.
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
          \(decimal(error, 3)); \(scale)); try these flags\(typed(best)) unless you are sure
          """)
    }
    // Where the file states everything, there is nothing to doubt but the training.
    if specification.isFullyDescribed && !isPlausible {
      return Report(
        error: error,
        advice:
          """
          \(name): predicts no better than nothing on drawings with noise (error \(decimal(error, 2)); \(scale)): its \
          file states its settings, so it is hardly trained yet
          """)
    }
    let others = isCheap || tryingOthers ? "; the usual others are no better" : ", which tries others"
    return Report(
      error: error,
      advice: isPlausible
        ? nil
        : """
        \(name): predicts no better than nothing on drawings with noise (error \(decimal(error, 2)); \(scale)): it is \
        untrained, or its \(suspects) are not those that sample inspect shows\(others)
        """)
  }

  /// What may be wrong about a network that predicts nothing.
  private var suspects: String {
    let hidden = network.variations(of: network.hiddenSettings).map(\.key)
    let heads = hidden.contains("num_heads") ? ["heads"] : []
    let order = hidden.contains("use_new_attention_order") ? ["attention order"] : []
    let process = specification.process.continuous == nil ? ["T", "schedule"] : ["process"]
    let all = heads + order + ["prediction"] + process
    return all.dropLast().joined(separator: ", ") + " or " + (all.last ?? "")
  }

  /// Whether anything says that the process is diffusion.
  private var isProcessStated: Bool { specification.settings.contains { ["process", "scheduler"].contains($0.key) } }

  /// Changes one setting after another as long as that makes the errors lower.
  private func improved(_ start: Guess, _ questioned: [String], _ shares: [Double]) -> Guess {
    var best = start
    for _ in 0..<(isCheap ? 2 : 1) {
      let before = best
      var choice = choice(best)
      var least = errors(best, shares, of: choice)
      for candidate in targets(best, questioned) {
        // What is read off the output wrongly says nothing of which pictures the network knows.
        let pictures = self.choice(candidate)
        guard isPlausible(pictures.least) else { continue }
        let errors = errors(candidate, shares, of: pictures)
        if errors.mean * Self.clearly < least.mean && isPlausible(errors.mean) {
          (best, least, choice) = (candidate, errors, pictures)
        }
      }
      // What heads change differs from picture to picture, and is clearest where there is little noise.
      for guesses in hiddenGuesses(questioned) {
        best = refined(best, guesses(best), shares.filter { $0 >= 0.5 }, of: all(choice))
      }
      if best.continuous == nil { best = refined(best, timedGuesses(best, questioned, shares), shares, of: choice) }
      if best == before { break }
    }
    return best
  }

  /// The best of `guesses` if it is better than `guess`. A setting that is slightly off hardly matters to a network, so
  /// what counts is how far errors are above the least that any guess gave at each level.
  private func refined(
    _ guess: Guess, _ guesses: [Guess], _ shares: [Double], of choice: Choice
  ) -> Guess {
    let candidates = ([guess] + guesses).map { (guess: $0, errors: errors($0, shares, of: choice)) }
    let floor = shares.indices.map { k in candidates.map { $0.errors.logarithms[k] }.min() ?? 0 }
    func excess(_ errors: Errors) -> Double { zip(errors.logarithms, floor).reduce(0) { $0 + $1.0 - $1.1 } }
    let current = excess(candidates[0].errors)
    let better = candidates.filter {
      isPlausible($0.errors.mean) && excess($0.errors) + Self.margin < current && 2 * excess($0.errors) < current
    }
    // Of those that are about as good, the first.
    let least = better.map { excess($0.errors) }.min() ?? 0
    let best = better.first { excess($0.errors) <= least + Self.margin / 2 } ?? candidates[0]
    return best.guess
  }

  /// Guesses of what else the network predicts: other predictions, and other processes.
  private func targets(_ guess: Guess, _ questioned: [String]) -> [Guess] {
    // The settings of diffusion are not known of a network that was taken for another process.
    guard specification.process.continuous == nil else { return [] }
    var guesses: [Guess] = []
    if questioned.contains("prediction") && guess.continuous == nil {
      for type in ModelMeanType.predictions.compactMap(ModelMeanType.init(prediction:)) where type != guess.meanType {
        // No image follows from the noise where there is nothing else.
        if type == .epsilon && specification.process.betas.last == 1 { continue }
        var other = guess
        other.meanType = type
        guesses.append(other)
      }
    }
    // No model of the others puts out a variance.
    if questioned.contains("process") && !specification.process.varType.isLearned {
      for form in [ContinuousDiffusion.Form.flow, .rectifiedFlow, .edm] {
        var other = resolved
        other.continuous = ContinuousDiffusion(form)
        if other != guess { guesses.append(other) }
      }
    }
    return guesses
  }

  /// What else attention heads and other settings that no tensor shows could be, one setting after another.
  private func hiddenGuesses(_ questioned: [String]) -> [(Guess) -> [Guess]] {
    network.variations(of: network.hiddenSettings).map(\.key).filter(questioned.contains).map { key in
      { guess in
        let settings = network.variations(of: guess.hidden).first { $0.key == key }?.settings ?? []
        return settings.map { settings in
          var other = guess
          other.hidden = settings
          return other
        }.filter { $0 != guess }
      }
    }
  }

  /// Guesses with another schedule, T or rescaling, those that change less first. Of those that tell the network almost
  /// the same timesteps, one is enough.
  private func timedGuesses(_ guess: Guess, _ questioned: [String], _ shares: [Double]) -> [Guess] {
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
    func told(_ guess: Guess) -> [Float] { shares.map { timestep(guess, share: $0).told } }
    var known = [told(guess)]
    return (1...3).flatMap { count in guesses.filter { $0.changes == count }.map(\.guess) }.filter { other in
      let timesteps = told(other)
      let isKnown = known.contains { zip($0, timesteps).allSatisfy { abs($0 - $1) <= 1 + 0.02 * $1 } }
      known.append(timesteps)
      return !isKnown
    }
  }

  /// What the user has typed that contradicts the flags of a guess, which must go.
  private func typed(_ guess: Guess) -> String {
    var keys: Set<String> = guess.meanType == resolved.meanType ? [] : ["prediction"]
    if guess.continuous != resolved.continuous {
      keys = ["prediction", "noise_schedule", "rescale_timesteps", "sigma_small", "diffusion_steps"]
    }
    let stated = specification.settings.filter { $0.source == .stated && keys.contains($0.key) }.map { setting in
      setting.key == "prediction"
        ? guess.continuous == resolved.continuous ? "--predict-xstart" : "--prediction or --predict-xstart"
        : "--\(setting.key.replacing("_", with: "-"))"
    }
    return stated.isEmpty ? "" : " without \(stated.joined(separator: ", "))"
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
      flags += (settled.numHeadChannels == nil ? [] : ["--num-head-channels -1"]) + ["--num-heads \(heads)"]
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
