/// A sampler as programs offer it: its names, its defaults, its cost, and how to make one.
///
/// To add a sampler, write its file, with an `info` in it, and add that to `all`.
public struct SamplerInfo: Sendable {
  /// The name it is asked for by, in lower case: `"unipc"`.
  public let name: String
  /// What papers call it: `"UniPC"`.
  public let title: String
  /// What it is, in one line for a list of samplers.
  public let summary: String
  /// The number of steps to take if nobody says how many.
  public let defaultSteps: Int
  /// How steps are spread over the process if nobody says; nil for the original's way (`timesteps(_:steps:isDDIM:)`).
  public let defaultSpacing: TimestepSpacing?
  /// How the counterpart in diffusers counts its timesteps.
  public let spacingStyle: SpacingStyle
  /// The parameters that it takes; it ignores others.
  public let parameters: Set<SamplerParameter>
  /// Makes one, ready for its first step.
  public let make: @Sendable (SamplerParameters) -> any Sampler
  private let evaluations: @Sendable (_ steps: Int, _ endsInPicture: Bool) -> Int
  private let definedness: @Sendable (any NoiseProcess) -> Bool

  /// - Parameters:
  ///   - name: the name it is asked for by, unique in its table.
  ///   - title: what papers call it.
  ///   - summary: what it is, in one line.
  ///   - defaultSteps: the number of steps to take if nobody says how many.
  ///   - defaultSpacing: how steps are spread if nobody says; nil for the original's way.
  ///   - spacingStyle: how the counterpart in diffusers counts its timesteps.
  ///   - parameters: the parameters that it takes.
  ///   - modelEvaluations: see the method of that name; one evaluation a step unless said otherwise.
  ///   - isDefined: whether it can sample a process; any process unless said otherwise.
  ///   - make: makes one, ready for its first step.
  public init(
    name: String, title: String, summary: String, defaultSteps: Int = 50, defaultSpacing: TimestepSpacing?,
    spacingStyle: SpacingStyle, parameters: Set<SamplerParameter> = [],
    modelEvaluations: @escaping @Sendable (_ steps: Int, _ endsInPicture: Bool) -> Int = { steps, _ in steps },
    isDefined: @escaping @Sendable (any NoiseProcess) -> Bool = { _ in true },
    make: @escaping @Sendable (SamplerParameters) -> any Sampler
  ) {
    self.name = name
    self.title = title
    self.summary = summary
    self.defaultSteps = defaultSteps
    self.defaultSpacing = defaultSpacing
    self.spacingStyle = spacingStyle
    self.parameters = parameters
    self.make = make
    evaluations = modelEvaluations
    definedness = isDefined
  }

  /// How often the network is evaluated for a picture, guidance not counted.
  ///
  /// - Parameters:
  ///   - steps: the number of steps, at least 1.
  ///   - endsInPicture: whether the last of them ends without noise; a stretch before a jump back does not.
  public func modelEvaluations(steps: Int, endsInPicture: Bool = true) -> Int { evaluations(steps, endsInPicture) }

  /// Whether it can sample `process`.
  public func isDefined(for process: any NoiseProcess) -> Bool { definedness(process) }

  /// The samplers, in the order in which they are listed.
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
  ]

  /// The sampler called `name` in `table`; nil if there is none.
  public static func named(_ name: String, among table: [SamplerInfo] = all) -> SamplerInfo? {
    table.first { $0.name == name }
  }
}
