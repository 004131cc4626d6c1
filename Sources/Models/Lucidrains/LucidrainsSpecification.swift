import DiffusionCheckpoints
import DiffusionCore

extension Lucidrains {
  /// See `ModelFamily`.
  public func specification(_ stated: StatedSettings) throws(ModelError) -> ModelSpecification {
    let name = checkpoint.name
    if let problem = stated.predictionProblem { throw .unusable(reason: problem) }
    let releases = LucidrainsReleases(shape, buffers)
    let release = try release(stated, releases)
    let process = try process(stated)
    var known = SettingsResolver(
      name: name, tensors: shown(process, stated), file: checkpoint.described, stated: ModelDescription(stated),
      published: nil, upstream: upstream(release.actual, process, releases))
    _ = try known.resolve("kind", \.kind)
    try resolveNetwork(&known, stated, process)
    let imageSize = try known.resolveImageSize(else: nil, levels: shape.levels)
    _ = try known.resolve("in_channels", \.inChannels)
    _ = try known.resolve("num_classes", \.numClasses)
    _ = try known.resolve("learn_sigma", \.learnSigma)
    try known.refuseOtherSettings(stated, of: "Unet")
    try refuseOtherSchedule(stated, known)
    if buffers.hasLossWeights, process != "edm", known.tensors.prediction == nil, known.stated.prediction == nil,
      checkpoint.described?.description.prediction == nil
    {
      throw .unusable(
        reason:
          """
          \(name): its loss_weight is that of none of what is predicted; type --prediction and epsilon, sample or v
          """)
    }
    try LucidrainsSettings(known.resolved).validate(shape, name: name)

    var network = NetworkFacts(
      family: Self.name, kind: "Unet", imageSize: imageSize, imageChannels: shape.imageChannels)
    network.classCount = shape.classes.map { $0 + 1 }
    network.learnsVariance = shape.learnsVariance
    var specification = try known.specification(of: network, checkpoint)
    specification.conventions = conventions(specification, release.actual)
    if shape.hasClasses { specification.recommendedGuidance = release.actual < .init(1, 6, 3) ? 3 : 6 }
    specification.remarks += remarks(release, releases)
    return specification
  }

  /// The release that decides what no tensor shows, and whether the file or the user says it.
  ///
  /// - Throws: `ModelError.unusable` if the user states one whose files look otherwise.
  private func release(
    _ stated: StatedSettings, _ releases: LucidrainsReleases
  ) throws(ModelError) -> (actual: LucidrainsRelease, isKnown: Bool) {
    if let text = stated.network?["release"] {
      guard let release = LucidrainsRelease(text) else {
        throw .unusable(reason: "\(checkpoint.name): --release \(text) is no release; type for instance 0.27.1")
      }
      guard releases.contains(release) else {
        throw .unusable(
          reason:
            """
            \(checkpoint.name): --release \(text) contradicts the names of its tensors, which are those of \
            \(releases.text); leave --release out, or state one of these
            """)
      }
      if let said = self.release, said != release {
        throw .statedContradictsFile(
          flag: "release", value: text, file: checkpoint.described?.file(of: "release") ?? checkpoint.name,
          found: "\(said)")
      }
      return (release, true)
    }
    if let release {
      guard releases.contains(release) else {
        throw .unusable(
          reason:
            """
            \(checkpoint.name): says that release \(release) made it, but the names of its tensors are those of \
            \(releases.text); is it a file of that code base?
            """)
      }
      return (release, true)
    }
    return (releases.likeliest, false)
  }

  /// The process: `edm` of an `ElucidatedDiffusion`, `diffusion` where tables show it, nil where nothing has to be
  /// said.
  ///
  /// - Throws: `ModelError.unusable` for a network that is told something else, or where nothing shows what.
  private func process(_ stated: StatedSettings) throws(ModelError) -> String? {
    let said = checkpoint.described?.description.process ?? stated.process
    if let said, !["diffusion", "edm"].contains(said) {
      throw .unusable(
        reason: "\(checkpoint.name): --process \(said) is none of its code base; type diffusion or edm")
    }
    if buffers.betas != nil {
      return shape.frequencies == nil && said == nil ? nil : "diffusion"
    }
    if said == "edm" && shape.frequencies == nil {
      throw .unusable(
        reason:
          """
          \(checkpoint.name): --process edm contradicts its tensors: a network of ElucidatedDiffusion has \
          time_mlp.0.weights; leave --process out
          """)
    }
    if said != nil || shape.frequencies == nil { return said }
    let owner = buffers.prefix.split(separator: ".").last { !["module", "_orig_mod"].contains($0) }
    switch owner {
    case "net": return "edm"
    case "model", "denoise_fn":
      throw .unusable(
        reason:
          """
          \(checkpoint.name): is a network of ContinuousTimeGaussianDiffusion or \
          VParamContinuousTimeGaussianDiffusion, which is told the signal-to-noise ratio and cannot be drawn from \
          here; if it is one of GaussianDiffusion without its tables, type --process diffusion
          """)
    default:
      throw .unusable(
        reason:
          """
          \(checkpoint.name): no tensor shows how its network is told of noise; type --process diffusion if it is \
          of GaussianDiffusion, --process edm if of ElucidatedDiffusion
          """)
    }
  }

  /// What the tensors show.
  private func shown(_ process: String?, _ stated: StatedSettings) -> ModelDescription {
    var shown = ModelDescription()
    shown.kind = "Unet"
    shown.inChannels = shape.imageChannels
    shown.numClasses = shape.classes.map { $0 + 1 }
    shown.nullClass = shape.classes
    shown.learnSigma = shape.learnsVariance
    if process == "edm" {
      shown.process = process
    } else {
      buffers.describe(&shown, learnsVariance: shape.learnsVariance)
      if buffers.betas != nil { shown.process = process }
    }
    if shape.learnsVariance && process != "edm" { shown.prediction = "epsilon" }
    return shown
  }

  /// The defaults of the code base at `release`.
  private func upstream(
    _ release: LucidrainsRelease, _ process: String?, _ releases: LucidrainsReleases
  ) -> ModelDescription {
    var defaults = ModelDescription()
    defaults.family = Self.name
    if process == "edm" {
      (defaults.sigmaData, defaults.sigmaLogScale) = (0.5, 0.25)
      (defaults.sigmaMin, defaults.sigmaMax, defaults.rho) = (0.002, 80, 7)
    } else {
      defaults.diffusionSteps = 1000
      let isMain = shape.classes == nil
      defaults.noiseSchedule = isMain && release >= .init(1, 0, 1) ? "sigmoid" : "cosine"
      // Tables without weights are older than the default v.
      defaults.prediction = isMain && release >= .init(1, 6, 3) && buffers.betas == nil ? "v" : "epsilon"
      defaults.sigmaSmall = true
    }
    if !releases.agree { defaults[network: "release"] = "\(releases.likeliest)" }
    if !shape.attentions.allSatisfy({ $0.memory != nil }) { defaults[network: "attn_dim_head"] = "32" }
    if !shape.hasRMSBlocks { defaults[network: "resnet_block_groups"] = "8" }
    if shape.frequencies == nil { defaults[network: "sinusoidal_pos_emb_theta"] = "10000" }
    if process != "edm" && shape.classes == nil { defaults[network: "auto_normalize"] = "True" }
    if shape.classes != nil {
      defaults[network: "rescaled_phi"] = release < .init(1, 6, 3) ? "0" : "0.7"
      defaults[network: "remove_parallel_component"] = release < .init(2, 0, 18) ? "False" : "True"
    }
    return defaults
  }

  /// Resolves what no tensor shows of the network and of its guidance.
  private func resolveNetwork(
    _ known: inout SettingsResolver, _ stated: StatedSettings, _ process: String?
  ) throws(ModelError) {
    let shown = [
      ("attn_heads", shape.attentions.allSatisfy { $0.memory != nil }),
      ("attn_dim_head", shape.attentions.allSatisfy { $0.memory != nil }),
      ("resnet_block_groups", shape.hasRMSBlocks), ("sinusoidal_pos_emb_theta", shape.frequencies != nil),
      ("auto_normalize", shape.hasClasses || process == "edm"), ("rescaled_phi", !shape.hasClasses),
      ("remove_parallel_component", !shape.hasClasses),
    ]
    if let other = shown.first(where: { $0.1 && stated.network?[$0.0] != nil }) {
      throw .unusable(
        reason:
          """
          \(checkpoint.name): --network \(other.0) is no setting of such a network, whose tensors show it or which has \
          nothing of the kind; leave it out
          """)
    }
    try known.resolveNetwork([
      "release": [], "attn_heads": [], "attn_dim_head": [], "resnet_block_groups": [], "sinusoidal_pos_emb_theta": [],
      "auto_normalize": ["True", "False"], "rescaled_phi": [], "remove_parallel_component": ["True", "False"],
    ])
    let numbers = [
      "attn_heads", "attn_dim_head", "resnet_block_groups", "sinusoidal_pos_emb_theta", "rescaled_phi",
    ]
    for key in numbers {
      guard let text = known.resolved[network: key] else { continue }
      let isWhole = !["sinusoidal_pos_emb_theta", "rescaled_phi"].contains(key)
      let fits = isWhole ? Int(text).map { (1...4096).contains($0) } : Double(text).map { (0...1e9).contains($0) }
      guard fits == true, key != "rescaled_phi" || Double(text) ?? 2 <= 1 else {
        throw .unusable(reason: "\(checkpoint.name): --network \(key)=\(text): the value is none that it can have")
      }
    }
  }

  /// - Throws: `ModelError.unusable` if the user states a schedule, and the file has another.
  private func refuseOtherSchedule(_ stated: StatedSettings, _ known: SettingsResolver) throws(ModelError) {
    let betas = known.tensors.trainedBetas ?? known.file?.description.trainedBetas
    guard let schedule = stated.noiseSchedule, betas != nil else { return }
    throw .unusable(
      reason:
        """
        \(checkpoint.name): --noise-schedule \(schedule) contradicts its betas, which are of none of the known \
        schedules; leave --noise-schedule out
        """)
  }

  /// How the code base samples.
  private func conventions(
    _ specification: ModelSpecification, _ release: LucidrainsRelease
  ) -> SamplingConventions {
    var conventions = SamplingConventions()
    conventions.drawsUnusedNoise = false
    let network = specification.description.network ?? [:]
    conventions.imagesFromZero = network["auto_normalize"] == "False"
    guard specification.process.continuous == nil else {
      conventions.churn = Churn(amount: 80, sigmaMin: 0.05, sigmaMax: 50, noise: 1.003)
      conventions.continuousSteps = 32
      return conventions
    }
    conventions.ddpmTakesAllSteps = true
    conventions.ddimGrid =
      release < .init(0, 27, 5) ? .innerPoints : release < .init(0, 27, 8) ? .innerPointsToZero : .equalSteps
    conventions.ddimEta = release < .init(1, 0, 0) || shape.hasClasses ? 1 : 0
    // What follows from a clipped x̂₀ does so since 0.27.8; the network's own ε only since 1.4.2, with classes never.
    let isOwn = specification.process.meanType == .epsilon && (shape.hasClasses || release < .init(1, 4, 2))
    conventions.keepsEpsilon = isOwn || release < .init(0, 27, 8) || shape.learnsVariance
    if shape.hasClasses {
      conventions.guidanceRescaling = GuidanceRescaling(
        phi: network["rescaled_phi"].flatMap { Double($0) } ?? 0,
        removesParallel: network["remove_parallel_component"] == "True")
    }
    return conventions
  }

  /// What is assumed, and how to state it.
  private func remarks(
    _ release: (actual: LucidrainsRelease, isKnown: Bool), _ releases: LucidrainsReleases
  ) -> [String] {
    let newest = LucidrainsReleases.newest
    if release.isKnown {
      let isNewer = (newest.major, newest.minor) < (release.actual.major, release.actual.minor)
      return isNewer
        ? ["it is of release \(release.actual), newer than any that is known, and is drawn from as \(newest) does"] : []
    }
    if releases.agree { return [] }
    return [
      """
      its release is a guess (\(release.actual)), as the names of its tensors are those of \(releases.text), which do \
      not all compute the same; type --release and its number if you know it
      """
    ]
  }
}
