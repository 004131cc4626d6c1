import DiffusionCore
import TensorCore

extension TrainingRequest {
  /// The first problem found in the request without looking at the data, in one sentence; nil if there is none.
  public var problem: String? {
    dataProblem ?? countProblem ?? numberProblem ?? modelProblem ?? classifierProblem ?? combinationProblem
      ?? scoreProblem
  }

  private var dataProblem: String? {
    data.isEmpty ? "train needs pictures; type --data with a folder of pictures or a .npz" : nil
  }

  private var countProblem: String? {
    let many = Self.mostSteps
    let counts: [(name: String, value: Int?, least: Int, most: Int)] = [
      ("steps", steps, 1, many), ("batch-size", batchSize, 1, 1_000_000), ("microbatch", microbatch, 1, 1_000_000),
      ("lr-anneal-steps", annealSteps, 1, many), ("warm-up", warmUp, 0, many), ("log-interval", logInterval, 1, many),
      ("save-interval", saveInterval, 1, many), ("sample-interval", sampleInterval, 1, many), ("keep", keep, 1, many),
      ("score-interval", scoreInterval, 1, many),
      ("distill-stage", distillationStage, 1, many), ("score-count", scoreCount, 4, 1_000_000),
      ("image-size", settings.imageSize, 1, 4096), ("small-size", smallSize, 1, 4096),
    ]
    for (name, value, least, most) in counts {
      if let value, !(least...most).contains(value) {
        return "--\(name): \(value) is out of range; type --\(name) with a number from \(least) to \(most)"
      }
    }
    if let microbatch, microbatch > batchSize {
      return "--microbatch \(microbatch) is more than a step's --batch-size \(batchSize); leave --microbatch out"
    }
    if let steps, let annealSteps, steps > annealSteps {
      return
        "--steps \(steps) is more than --lr-anneal-steps \(annealSteps), after which the learning rate is 0; "
        + "type --steps \(annealSteps), or --lr-anneal-steps \(steps)"
    }
    return nil
  }

  private var numberProblem: String? {
    for (name, value) in [("lr", learningRate), ("weight-decay", weightDecay)] {
      if !(value >= 0 && value <= 1e6) {
        return "--\(name): \(value) is out of range; type --\(name) with a number from 0 to 1000000"
      }
    }
    if let clipGradients, !(clipGradients >= 0 && clipGradients.isFinite) {
      return "--clip-gradients: \(clipGradients) is out of range; type --clip-gradients with a number above 0"
    }
    if clipGradients == 0 { return "--clip-gradients: 0 would clip everything; type for instance --clip-gradients 1" }
    let shares =
      [("dropout", dropout), ("null-class", nullClassProbability ?? 0)] + (emaRates ?? []).map { ("ema-rate", $0) }
    for (name, value) in shares where !(value >= 0 && value < 1) {
      return "--\(name): \(value) is out of range; type --\(name) with a number from 0 up, below 1"
    }
    if let rates = emaRates, Set(rates).count < rates.count {
      return "--ema-rate: a rate is named twice, and has one file; name each once"
    }
    return nil
  }

  private var modelProblem: String? {
    if let side = settings.attentionResolutions?.first(where: { $0 < 1 }) {
      return
        "--attention-resolutions: \"\(side)\" is not a number from 1 to 65536; "
        + "type for instance --attention-resolutions 16,8"
    }
    if let schedule = settings.noiseSchedule, BetaSchedule(rawValue: schedule) == nil {
      return "--noise-schedule: \"\(schedule)\" is not a noise schedule; type linear, cosine or sigmoid"
    }
    if let problem = settings.predictionProblem { return problem }
    if let process = settings.process, process != "diffusion", process != "flow" {
      return "--process: \"\(process)\" is not learned here; type diffusion or flow"
    }
    for (name, isGiven) in [
      ("settings' sigma_min", settings.sigmaMin != nil), ("settings' sigma_max", settings.sigmaMax != nil),
    ] where isGiven {
      return "\(name) is for EDM models, which are not learned here; leave it out"
    }
    for (name, isGiven) in [
      ("--num-classes", settings.numClasses != nil), ("settings' null_class", settings.nullClass != nil),
    ] where isGiven {
      return "\(name) follows from the classes of the pictures; leave it out"
    }
    return nil
  }

  private var classifierProblem: String? {
    guard isClassifier else { return nil }
    let given = [
      ("--null-class", nullClassProbability != nil), ("--use-kl", useKL),
      ("--sample-interval", sampleInterval != nil), ("--score-interval", scoreInterval != nil),
      ("--small-size", smallSize != nil),
      ("--learn-sigma", settings.learnSigma == true),
    ].first(where: \.1)
    return given.map {
      "\($0.0) is for models that draw, and --classifier trains one that does not; leave \($0.0) out"
    }
  }

  private var scoreProblem: String? {
    guard scoreInterval != nil else {
      let given = [
        ("--score-count", scoreCount != Self(data: "").scoreCount), ("--features", features != nil),
        ("--inception", inception != nil), ("--reference", reference != nil),
      ].first(where: \.1)
      return given.map { "\($0.0) is for scores, and none are made; type for instance --score-interval 1000 too" }
    }
    if smallSize != nil {
      return "--score-interval draws from noise alone, which --small-size trains no model for; leave it out"
    }
    if let channels = settings.inChannels, ![1, 3].contains(channels) {
      return "--score-interval is for pictures of 1 or 3 channels, not \(channels); leave it out, or type 0"
    }
    switch (features, inception) {
    case (nil, nil):
      return "--score-interval compares pictures by features of a network; type --features and a classifier that train "
        + "--classifier has made, or --inception and \(inceptionWeightsAdvice)"
    case (.some, .some): return "--features and --inception both say by what to compare; type only one of them"
    default: return nil
    }
  }

  private var combinationProblem: String? {
    if settings.process == "flow" {
      let given = [
        ("--classifier", isClassifier), ("--use-kl", useKL), ("--learn-sigma", settings.learnSigma == true),
        ("--small-size", smallSize != nil), ("--schedule-sampler", scheduleSampler != .uniform),
        ("--noise-schedule", settings.noiseSchedule != nil), ("--diffusion-steps", settings.diffusionSteps != nil),
        ("--rescale-timesteps", settings.rescaleTimesteps != nil), ("--prediction", settings.prediction != nil),
        ("--predict-xstart", settings.predictXstart != nil), ("--sigma-small", settings.sigmaSmall != nil),
      ].first(where: \.1)
      if let given { return "\(given.0) is for diffusion, and --process flow learns none; leave \(given.0) out" }
    }
    if distilled != nil {
      let given = [
        ("--resume-checkpoint", resumeCheckpoint != nil), ("--classifier", isClassifier), ("--use-kl", useKL),
        ("--small-size", smallSize != nil), ("--schedule-sampler", scheduleSampler != .uniform),
        ("--process", settings.process != nil), ("--rescale-learned-sigmas", !rescaleLearnedSigmas),
      ].first(where: \.1)
      if let given { return "\(given.0) is for other training than --distill; leave \(given.0) out" }
      if end == nil && distillationStage == nil {
        return "--distill goes through stages of an eighth of all steps; type --steps too, 10000 for instance"
      }
    } else if distillationStage != nil {
      return "--distill-stage is for --distill; type --distill and a model too, or leave it out"
    }
    if background != .black, [2, 4].contains(settings.inChannels) {
      return
        "--background: with --in-channels \(imageChannels) transparency is learned, and nothing is laid over a colour; "
        + "leave --background out"
    }
    if optimalTransport && settings.process != "flow" {
      return "--optimal-transport pairs the noise of flows; type --process flow too, or leave it out"
    }
    if smallSize != nil && sampleInterval != nil {
      return "--sample-interval draws from noise alone, which --small-size trains no model for; leave it out"
    }
    if nullClassProbability != nil && settings.classCond != true {
      return "--null-class stands for none of the classes; type --class-cond True too"
    }
    return nil
  }
}
