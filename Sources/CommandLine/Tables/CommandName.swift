/// The commands of both programs. All have a verb (`sample bench`), except drawing and training, which need none.
public enum CommandName: String, Sendable, CaseIterable {
  /// Draw images.
  case draw
  /// Interpolate between two images or seeds.
  case interpolate
  /// Encode images to the noise that draws them.
  case encode
  /// Encode images and draw them again.
  case reconstruct
  /// Measure the likelihood of images.
  case nll
  /// Compare pictures with others.
  case score
  /// Draw requests, one line of JSON each.
  case run
  /// Print how an image was drawn.
  case show
  /// Draw an image again and compare.
  case reproduce
  /// Describe a checkpoint.
  case inspect
  /// Convert a checkpoint.
  case convert
  /// Measure the speed of the network.
  case bench
  /// Print completions for a shell.
  case completions
  /// Print the manual page.
  case man
  /// Train a model, with a program of its own.
  case train

  /// Commands that load a model and therefore take its flags.
  static let takingModelFlags: Set<CommandName> = inversions.union([.draw, .bench, .inspect, .convert, .nll, .score])
  /// Commands that run a network.
  static let running: Set<CommandName> = inversions.union([.draw, .bench, .reproduce, .nll, .run, .score])
  /// Commands that show progress.
  static let reportingProgress: Set<CommandName> = inversions.union([.draw, .train, .nll, .score])

  /// The operands as the help shows them.
  var operands: [String] {
    switch self {
    case .draw, .bench, .man, .train: []
    case .inspect: ["FILE"]
    case .convert: ["IN", "OUT"]
    case .reproduce, .show: ["IMAGE.png"]
    case .encode, .reconstruct, .nll: ["IMAGE..."]
    case .interpolate: ["A.png", "B.png"]
    case .score: ["PICTURES..."]
    case .run: ["REQUESTS.jsonl"]
    case .completions: ["SHELL"]
    }
  }
}
