import DiffusionCheckpoints
import DiffusionCore
import DiffusionPlatform
import TensorCore

/// The networks of yang-song/score_sde_pytorch: NCSN++, DDPM++ and its DDPM, of the variance exploding or the variance
/// preserving process (Song et al. 2021, "Score-Based Generative Modeling through Stochastic Differential Equations").
public struct ScoreSDE: ModelFamily {
  /// See `ModelFamily`.
  public static let name = "score_sde"
  /// See `ModelFamily`. The second layer of the embedding has this name in all of them.
  public static let signature: String? = "all_modules.1.weight"

  /// See `ModelFamily`.
  public let checkpoint: FamilyCheckpoint
  private let layout: NCSNppLayout
  /// The levels that the file lists, highest first; nil if it has none.
  private let levels: (count: Int, highest: Double, lowest: Double)?

  /// See `ModelFamily`. Recognises its numbered modules.
  ///
  /// - Throws: `ModelError.unusable` for a network of another form.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> ScoreSDE? {
    let state = contents.state
    guard state.names.contains("all_modules.1.weight") else { return nil }
    guard let layout = NCSNppLayout(modules(state)) else {
      throw .unusable(
        reason:
          """
          \(contents.name): is a network of score_sde_pytorch of another form than NCSN++, DDPM++ and DDPM, which can \
          be drawn from
          """)
    }
    do {
      let levels = try levels(state)
      let kept = state.names.filter { $0 != "sigmas" }
      let network = try state.assembled(kept.map { AssembledName($0, parts: [$0]) })
      return ScoreSDE(checkpoint: FamilyCheckpoint(contents, state: network), layout: layout, levels: levels)
    } catch { throw .checkpoint(error) }
  }

  /// What each module is, by its number.
  private static func modules(_ state: StateDict) -> [ScoreSDEModule] {
    var shapes: [[String: [Int]]] = []
    for name in state.names {
      let parts = name.split(separator: ".", maxSplits: 2)
      guard parts.count == 3, parts[0] == "all_modules", let number = Int(parts[1]),
        (0..<NCSNppLayout.mostModules).contains(number)
      else { continue }
      while shapes.count <= number { shapes.append([:]) }
      shapes[number][String(parts[2])] = state.shape(of: name)
    }
    return shapes.map { ScoreSDEModule($0) }
  }

  private static func levels(
    _ state: StateDict
  ) throws(CheckpointError) -> (count: Int, highest: Double, lowest: Double)? {
    guard let shape = state.shape(of: "sigmas"), shape.count == 1, (2...100_000).contains(shape[0]) else { return nil }
    let values = try state.tensor("sigmas", shape: shape)
    // Float32 has seven digits, and nobody chose more.
    func rounded(_ value: Float) -> Double {
      let magnitude = pow(10, 6 - log10(Double(max(value, 1e-30))).rounded(.up))
      return (Double(value) * magnitude).rounded() / magnitude
    }
    return (shape[0], rounded(values[0]), rounded(values[shape[0] - 1]))
  }

  /// See `ModelFamily`.
  public func specification(_ stated: StatedSettings) throws(ModelError) -> ModelSpecification {
    let name = checkpoint.name
    if let problem = stated.predictionProblem { throw .unusable(reason: problem) }
    var tensors = layout.description
    if let levels, layout.embedding == .fourier {
      (tensors.diffusionSteps, tensors.sigmaMax, tensors.sigmaMin) = (levels.count, levels.highest, levels.lowest)
    }
    if layout.pyramidFilters == true { tensors[network: "fir"] = "True" }
    if layout.resampler != .block { tensors[network: "fir"] = "False" }
    var known = SettingsResolver(
      name: name, tensors: tensors, file: checkpoint.described, stated: ModelDescription(stated), published: nil,
      upstream: upstream(stated))
    let imageSize = try layout.resolve(&known)
    let truths = ["True", "False"]
    try known.resolveNetwork([
      "continuous": truths, "fir": truths, "skip_rescale": truths, "scale_by_sigma": truths,
    ])
    try known.refuseOtherSettings(stated, of: "network of score_sde_pytorch")
    var network = NetworkFacts(
      family: Self.name, kind: kind, imageSize: imageSize, imageChannels: layout.imageChannels)
    network.conventions.keepsEpsilon = true
    return try known.specification(of: network, checkpoint)
  }

  /// The name of the network's class, and of its form.
  private var kind: String {
    layout.resampler != .block ? "DDPM" : layout.embedding == .positional && !usesFilter ? "DDPM++" : "NCSN++"
  }

  /// Whether resampling filters in the configurations of this form.
  private var usesFilter: Bool {
    layout.embedding == .fourier || layout.hasOutputSkip || layout.inputPyramid != .none
  }

  /// The values of the configurations in which such a network stands.
  private func upstream(_ stated: StatedSettings) -> ModelDescription {
    var defaults = ModelDescription()
    defaults.family = Self.name
    // All of them have attention at 16 × 16.
    defaults.imageSize = layout.attention.firstIndex(of: true).map { 16 << $0 }
    let isExploding = layout.embedding == .fourier
    let isDDPM = layout.resampler != .block
    let isContinuous = !isDDPM
    defaults[network: "continuous"] = isContinuous ? "True" : "False"
    defaults[network: "fir"] = usesFilter ? "True" : "False"
    defaults[network: "skip_rescale"] = isDDPM ? "False" : "True"
    defaults[network: "scale_by_sigma"] = isExploding ? "True" : "False"
    let described = checkpoint.described?.description[network: "continuous"]
    if isExploding {
      defaults.process = "ve"
      (defaults.sigmaMin, defaults.sigmaMax) = (0.01, 50)
      // The configurations of 256 × 256 pixels have a lower one.
      defaults.langevinRatio = (300...1000).contains(levels?.highest ?? 0) ? 0.075 : 0.16
    } else if (stated.network?["continuous"] ?? described).map({ $0 == "True" }) ?? isContinuous {
      // The network is told 999·t of the same process as EDM's preconditioning for it tells it.
      defaults.process = "edm-vp"
      defaults.clipDenoised = false
    } else {
      defaults.diffusionSteps = 1000
      defaults.noiseSchedule = "linear"
      (defaults.betaStart, defaults.betaEnd) = (1e-4, 0.02)
      defaults.prediction = "epsilon"
      defaults.sigmaSmall = false
      defaults.rescaleTimesteps = false
      defaults.clipDenoised = false
    }
    return defaults
  }

  /// See `ModelFamily`.
  public func network(
    _ specification: ModelSpecification, _ weights: Weights, _ options: NetworkOptions
  ) throws(CheckpointError) -> any DenoisingNetwork {
    func isTrue(_ key: String) -> Bool { specification.description[network: key] == "True" }
    var conventions = NCSNppConventions()
    if !isTrue("fir") { conventions.filter = [1, 1] }
    conventions.rescalesSkips = isTrue("skip_rescale")
    conventions.hasFewerGroups = layout.resampler == .block
    var builder = ScoreSDEBuilder(layout, conventions, weights)
    return try builder.network(
      centersInput: layout.embedding == .fourier, scalesBySigma: isTrue("scale_by_sigma"))
  }
}
