import DiffusionScoring

/// Options of `sample score`.
let scoringOptions: [OptionDefinition] = [
  OptionDefinition(
    "reference", .required(name: "PATH", example: "photos"), .measuring, of: [.score],
    """
    what the pictures should be like: a folder of PNGs and JPEGs, a .tar or .npz of pictures, or a .npz of means and \
    covariances (mu and sigma, as pytorch-fid and guided-diffusion save them)
    """
  ) { o, value, _ throws(UsageError) in o.score.reference = value },
  OptionDefinition(
    "inception", .required(name: "FILE", example: "pt_inception-2015-12-05-6726825d.pth"), .measuring, of: [.score],
    """
    the weights of the Inception network by whose features pictures are compared: pytorch-fid's \
    pt_inception-2015-12-05-6726825d.pth, NVIDIA's inception-2015-12-05.pt, or the same tensors in a .safetensors
    """
  ) { o, value, _ throws(UsageError) in o.score.inception = value },
  OptionDefinition(
    "features", .required(name: "FILE", example: "classifier.pt"), .measuring, of: [.score],
    """
    in place of Inception: a classifier of noisy images, as train --classifier makes them, for small pictures or such \
    as Inception knows nothing of
    """
  ) { o, value, _ throws(UsageError) in o.score.classifier = value },
  OptionDefinition(
    "resize", .required(name: "NAME", example: "clean"), .measuring, of: [.score],
    words: InceptionResizing.allCases.map(\.rawValue),
    """
    how pictures are scaled to Inception's 299 pixels, which changes the numbers: tensorflow (as guided-diffusion and \
    torch-fidelity do), torch (pytorch-fid) or clean (clean-fid); default tensorflow
    """
  ) { o, value, name throws(UsageError) in o.score.resizing = try choice(value, name) },
  OptionDefinition(
    "no-keep", .none, .measuring, of: [.score],
    "do not keep features in files beside the pictures, from which an interrupted run goes on"
  ) { o, _, _ throws(UsageError) in o.score.keeps = false },
  OptionDefinition("json", .none, .measuring, of: [.score], "print JSON instead of a table") {
    o, _, _ throws(UsageError) in o.json = true
  },
]

/// What `sample score` compares, and how.
public struct ScoreOptions: Sendable, Equatable {
  /// The pictures; empty if a model draws them.
  public var pictures: [String] = []
  /// What they should be like.
  public var reference = ""
  /// The weights of Inception.
  public var inception: String?
  /// A classifier in place of Inception.
  public var classifier: String?
  /// How pictures are scaled for Inception; nil for the default.
  public var resizing: InceptionResizing?
  /// Whether features are kept beside the pictures.
  public var keeps = true

  /// The defaults.
  public init() {}
}
