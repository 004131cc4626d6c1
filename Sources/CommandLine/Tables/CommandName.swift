/// What the programs can be told to do. All but drawing and training, which are what they do without one, have a verb: `sample bench`.
public enum CommandName: String, Sendable, CaseIterable {
  /// Draw images.
  case draw
  /// Measure the network's speed.
  case bench
  /// Say what a checkpoint is.
  case inspect
  /// Write a checkpoint as another kind of file.
  case convert
  /// Draw an image again and say whether it comes out the same.
  case reproduce
  /// Print what an image says of itself.
  case show
  /// Write the noise that pictures are drawn from.
  case encode
  /// Draw pictures again from that noise.
  case reconstruct
  /// Draw what lies between two noises.
  case interpolate
  /// Measure how probable pictures are.
  case nll
  /// Draw requests, a line of JSON each.
  case run
  /// Print completions for a shell.
  case completions
  /// Print the manual page.
  case man
  /// Train a model: a program of its own.
  case train

  /// Those that draw with a network, or need to know how it would be drawn with.
  static let takingModelFlags: Set<CommandName> = inversions.union([.draw, .bench, .inspect, .convert, .nll])
  /// Those that run a network.
  static let running: Set<CommandName> = inversions.union([.draw, .bench, .reproduce, .nll, .run])
  /// Those that say how far they are.
  static let reportingProgress: Set<CommandName> = inversions.union([.draw, .train, .nll])

  /// The words that follow the verb, as the help shows them.
  var operands: [String] {
    switch self {
    case .draw, .bench, .man, .train: []
    case .inspect: ["FILE"]
    case .convert: ["IN", "OUT"]
    case .reproduce, .show: ["IMAGE.png"]
    case .encode, .reconstruct, .nll: ["IMAGE..."]
    case .interpolate: ["A.png", "B.png"]
    case .run: ["REQUESTS.jsonl"]
    case .completions: ["SHELL"]
    }
  }
}
