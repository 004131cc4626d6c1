import DiffusionCheckpoints
import DiffusionModels
import TensorCore
import TestSupport
import Testing

/// Networks of denoising-diffusion-pytorch against their own code's outputs.
struct LucidrainsTests {
  /// The fixtures, with what has to be said of them.
  static let files: [(name: String, release: String?)] = [
    ("old", "0.27.12"), ("standardized", nil), ("self-conditioned", nil), ("learned-variance", nil),
    ("elucidated", nil), ("classes", nil),
  ]

  private static func source(_ name: String, release: String? = nil) throws -> ModelSource {
    var stated = StatedSettings()
    stated.imageSize = 8
    stated.network = release.map { ["release": $0] }
    return try ModelSource(path: Fixture.path("families/lucidrains/\(name).pt"), stated: stated)
  }

  @Test(arguments: files, KernelChoice.available.map(\.name))
  func putOutWhatTheirCodeDoes(file: (name: String, release: String?), table: String) throws {
    let reference = try Fixture("families/lucidrains/\(file.name).reference")
    let network = try Self.source(file.name, release: file.release).network()
    func tensor(_ name: String) -> Tensor? { reference.names.contains(name) ? reference.tensor(name) : nil }
    let inputs = NetworkInputs(
      conditioning: reference.tensor("t").values, labels: tensor("classes")?.values.map { Int($0) },
      selfCondition: tensor("self_cond"))
    let expected = reference.tensor("out")
    try KernelChoice.$current.withValue(#require(KernelChoice.table(named: table))) {
      let found = network(reference.tensor("x"), inputs)
      expectClose(found, expected, tolerance: 1e-5 * expected.largestMagnitude, file.name)
      // One of two pictures alone is the same, to the bit.
      var second = inputs
      second.conditioning = Array(inputs.conditioning.suffix(1))
      second.labels = inputs.labels?.suffix(1)
      second.selfCondition = inputs.selfCondition?.rows(1..<2)
      #expect(network(reference.tensor("x").rows(1..<2), second).values == found.rows(1..<2).values)
    }
  }

  /// What the tables beside the network say of its process.
  @Test(arguments: [
    ("old", "epsilon", "linear", 40), ("standardized", "v", "sigmoid", 1000),
    ("self-conditioned", "v", "sigmoid", 1000), ("learned-variance", "epsilon", "sigmoid", 40),
    ("classes", "epsilon", "linear", 40),
  ])
  func processIsReadOffTables(name: String, prediction: String, schedule: String, steps: Int) throws {
    let specification = try Self.source(name).specification
    #expect(specification.description.prediction == prediction)
    #expect(specification.description.noiseSchedule == schedule && specification.process.steps == steps)
    #expect(specification.process.continuous == nil && specification.description.trainedBetas == nil)
    #expect(specification.process.varType == (name == "learned-variance" ? .learnedRange : .fixedSmall))
  }

  @Test func elucidatedIsPreconditioned() throws {
    let specification = try Self.source("elucidated").specification
    let process = try #require(specification.process.continuous)
    #expect(process.form == .edm && process.logScale == 0.25 && process.sigmaData == 0.5)
    #expect(specification.conventions.continuousSteps == 32 && specification.conventions.churn?.amount == 80)
  }

  @Test func classesHaveOneMoreForNone() throws {
    let specification = try Self.source("classes").specification
    #expect(specification.classCount == 4 && specification.nullClass == 3 && specification.recommendedGuidance == 6)
    #expect(specification.conventions.guidanceRescaling?.phi == 0.7)
    #expect(specification.conventions.guidanceRescaling?.removesParallel == true)
  }

  /// A release that nothing says is said to be a guess; one that cannot be is refused.
  @Test func releaseIsStatedOrAGuess() throws {
    let guessed = try Self.source("old").specification
    #expect(guessed.guesses.contains { $0.hasPrefix("its release is a guess (0.27.12)") }, "\(guessed.guesses)")
    #expect(try Self.source("old", release: "0.28.0").specification.guesses.isEmpty)
    let said = try Self.source("standardized").specification
    #expect(said.guesses.isEmpty && said.description.network?["release"] == "1.7.1")
    for (name, release) in [("old", "1.7.4"), ("old", "0.26.4"), ("self-conditioned", "1.9.0")] {
      let error = #expect(throws: ModelError.self) { try Self.source(name, release: release) }
      #expect(error?.description.contains("--release \(release) contradicts the names of its tensors") == true)
    }
  }

  @Test func imageSizeHasToBeSaid() {
    let path = Fixture.path("families/lucidrains/self-conditioned.pt")
    #expect(
      throws: ModelError.unusable(
        reason: "\(path): no tensor shows the size of its images; type --image-size N, a multiple of 2")
    ) { try ModelSource(path: path) }
    var stated = StatedSettings()
    stated.imageSize = 9
    let error = #expect(throws: ModelError.self) { try ModelSource(path: path, stated: stated) }
    #expect(error?.description.hasSuffix("--image-size must be a multiple of 2") == true)
  }

  @Test(arguments: [
    ("attn_heads=3", "3 heads cannot share the 128 channels of downs.0.2.fn.fn"),
    ("resnet_block_groups=3", "a level of 8 channels cannot be normalised in 3 groups"),
    ("resnet_block_groups=0", "--network resnet_block_groups=0: the value is none that it can have"),
    ("auto_normalize=maybe", "--network auto_normalize=maybe: the value is none of True, False"),
    ("rescaled_phi=0.5", "--network rescaled_phi is no setting of such a network"),
    ("fir=True", "--network fir: its network has no such setting"),
  ])
  func settingsThatCannotBe(setting: String, problem: String) {
    let parts = setting.split(separator: "=").map(String.init)
    var stated = StatedSettings()
    (stated.imageSize, stated.network) = (8, [parts[0]: parts[1]])
    let error = #expect(throws: ModelError.self) {
      try ModelSource(path: Fixture.path("families/lucidrains/old.pt"), stated: stated)
    }
    #expect(error?.description.contains(problem) == true, "\(error.debugDescription)")
  }
}
