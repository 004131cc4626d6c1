/// A sampler as programs offer it: its names, defaults and cost, and how to create it.
///
/// To add a sampler, write its file with an `info` in it, and add that to `all`.
public struct SamplerInfo: Sendable {
  /// The name that users select it by, in lower case: `"unipc"`.
  public let name: String
  /// The name used in papers: `"UniPC"`.
  public let title: String
  /// A one-line description for lists of samplers.
  public let summary: String
  /// The default number of steps.
  public let defaultSteps: Int
  /// The default spacing of steps over the process; nil for the original's (`timesteps(_:steps:isDDIM:)`).
  public let defaultSpacing: TimestepSpacing?
  /// Whether the original spaces its steps by an integer stride (Song et al. 2021) rather than from first to last.
  public let usesIntegerStride: Bool
  /// How the corresponding diffusers sampler counts its timesteps.
  public let spacingStyle: SpacingStyle
  /// The most steps that it can take; nil if there is no limit.
  public let mostSteps: Int?
  /// The parameters that it uses; it ignores others.
  public let parameters: Set<SamplerParameter>
  /// Creates a sampler, ready for its first step.
  public let make: @Sendable (SamplerParameters) -> any Sampler
  private let evaluations: Evaluations
  /// Counts the network's evaluations: see `modelEvaluations(of:steps:endsInPicture:)`.
  public typealias Evaluations = @Sendable (_ process: any NoiseProcess, _ steps: Int, _ endsInPicture: Bool) -> Int
  private let definedness: @Sendable (any NoiseProcess) -> Bool

  /// - Parameters:
  ///   - name: the name that users select it by, unique in its table.
  ///   - title: the name used in papers.
  ///   - summary: a one-line description.
  ///   - defaultSteps: the default number of steps.
  ///   - defaultSpacing: the default spacing of steps; nil for the original's.
  ///   - usesIntegerStride: whether the original's is an integer stride.
  ///   - spacingStyle: how the corresponding diffusers sampler counts its timesteps.
  ///   - mostSteps: the most steps that it can take; nil if there is no limit.
  ///   - parameters: the parameters that it uses.
  ///   - modelEvaluations: see the method of that name; one evaluation per step by default.
  ///   - isDefined: whether it can sample a process; by default, any whose levels all have a share of the image and
  ///     whose network is no consistency model.
  ///   - make: creates a sampler, ready for its first step.
  public init(
    name: String, title: String, summary: String, defaultSteps: Int = 50, defaultSpacing: TimestepSpacing?,
    usesIntegerStride: Bool = false, spacingStyle: SpacingStyle, mostSteps: Int? = nil,
    parameters: Set<SamplerParameter> = [],
    modelEvaluations: @escaping Evaluations = { _, steps, _ in steps },
    isDefined: @escaping @Sendable (any NoiseProcess) -> Bool = { $0.hasNoisyImages },
    make: @escaping @Sendable (SamplerParameters) -> any Sampler
  ) {
    self.name = name
    self.title = title
    self.summary = summary
    self.defaultSteps = defaultSteps
    self.defaultSpacing = defaultSpacing
    self.usesIntegerStride = usesIntegerStride
    self.spacingStyle = spacingStyle
    self.mostSteps = mostSteps
    self.parameters = parameters
    self.make = make
    evaluations = modelEvaluations
    definedness = isDefined
  }

  /// The number of network evaluations for an image, not counting guidance.
  ///
  /// - Parameters:
  ///   - process: the process that is sampled.
  ///   - steps: the number of steps, at least 1.
  ///   - endsInPicture: whether the last step ends without noise; a stretch before a jump back does not.
  public func modelEvaluations(of process: any NoiseProcess, steps: Int, endsInPicture: Bool = true) -> Int {
    evaluations(process, steps, endsInPicture)
  }

  /// Whether this sampler can sample `process`.
  public func isDefined(for process: any NoiseProcess) -> Bool { definedness(process) }

  /// All samplers, in the order in which they are listed.
  public static let all: [SamplerInfo] = [
    DDIM.info,
    DDPM.info,
    DPMSolver.info,
    DPMSolver.sdeInfo,
    UniPC.info,
    Heun.info,
    Euler.info,
    EulerAncestral.info,
    PLMS.info,
    Midpoint.info,
    PredictorCorrector.info,
    Consistency.onestepInfo,
    Consistency.multistepInfo,
  ]

  /// The sampler named `name` in `table`; nil if there is none.
  public static func named(_ name: String, among table: [SamplerInfo] = all) -> SamplerInfo? {
    table.first { $0.name == name }
  }
}

extension NoiseProcess {
  /// Whether there is a share of the image at every level, and a probability flow that leads to it: what most samplers
  /// need.
  public var hasNoisyImages: Bool { !isOfConsistencyModel && level(count - 1).alpha > 0 }

  /// Whether its network maps every level to an image at once, so that there is no flow to follow.
  public var isOfConsistencyModel: Bool { (self as? ContinuousProcess)?.diffusion.form.isConsistency == true }
}
