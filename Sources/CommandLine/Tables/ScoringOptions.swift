import DiffusionScoring

/// Options of `sample score`.
let scoringOptions: [OptionDefinition] = [
  OptionDefinition(
    "reference", .required(name: "PATH", example: "photos"), .measuring, of: [.score],
    """
    what the pictures should be like: pictures as PICTURES are, or a .npz of means and covariances (mu and sigma, as \
    pytorch-fid and guided-diffusion save them)
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
    in place of Inception: a classifier that train --classifier has made, or one of guided-diffusion, for \
    pictures that are small or unlike photographs
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
    "nearest", .required(name: "N", example: "10"), .measuring, of: [.score],
    """
    also list the N pictures that are most like one of the reference, each with the most similar one by features and \
    by pixels, which shows whether a model draws copies of what it has learned from; not of pictures drawn by --model
    """
  ) { o, value, name throws(UsageError) in o.score.nearest = try wholeNumber(value, name, 1...10_000) },
  OptionDefinition(
    "held-out", .required(name: "PATH", example: "test"), .measuring, of: [.score],
    """
    with --nearest: pictures like the reference's that the model has not learned from. Prints how often one of \
    PICTURES is nearer to the reference than one of these: half of the time, or more if they are copies
    """
  ) { o, value, _ throws(UsageError) in o.score.heldOut = value },
  OptionDefinition(
    "out", short: "o", .required(name: "FILE", example: "pairs.png"), .measuring, of: [.score],
    "with --nearest: a sheet with a row for each: the picture, its nearest by features, its nearest by pixels"
  ) { o, value, _ throws(UsageError) in o.score.out = value },
  OptionDefinition(
    "skip-bad", .none, .measuring, of: [.score], "leave out pictures that cannot be read, and list them"
  ) { o, _, _ throws(UsageError) in o.score.skipsBad = true },
  OptionDefinition(
    "no-keep", .none, .measuring, of: [.score],
    "do not keep features in files beside the pictures, from which an interrupted run goes on"
  ) { o, _, _ throws(UsageError) in o.score.keeps = false },
  OptionDefinition("json", .none, .measuring, of: [.score], "print JSON instead of a table") {
    o, _, _ throws(UsageError) in o.json = true
  },
]

/// The help of drawing's options where `sample score` differs.
let scoredHelp = [
  "model": """
  the model that draws the pictures, in place of PICTURES: a checkpoint (.pt, .pth, .ckpt, .bin, .pkl or \
  .safetensors), a folder saved by diffusers, or the folder of a training run; default: the embedded model of \
  handwritten digits
  """,
  "count": "number of images to draw, in place of PICTURES",
  "seed": "seed of the noise and of random classes; the same seed gives the same images; default 0",
  "batch": """
  images that are drawn, and pictures that are measured, at a time, which affects speed and memory but not the \
  numbers; default: automatic for drawing, 8 for measuring
  """,
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
  /// How many pictures nearest to one of the reference are listed; nil for none.
  public var nearest: Int?
  /// Pictures that were held out, to compare distances with.
  public var heldOut: String?
  /// A sheet of the nearest.
  public var out: String?
  /// Whether to go on without pictures that cannot be read.
  public var skipsBad = false
  /// Whether features are kept beside the pictures.
  public var keeps = true

  /// The defaults.
  public init() {}
}
