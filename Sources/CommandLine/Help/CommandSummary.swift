import DiffusionCore

extension CommandName {
  /// How the command is typed, with the words that follow the verb: `sample inspect FILE`.
  var usage: String { ([shown(self)] + operands).joined(separator: " ") }

  /// What the command does, as a sentence goes on after its usage.
  var summary: String {
    switch self {
    case .draw: "draws images with a diffusion model"
    case .bench: "measures how long a model's forward pass takes"
    case .inspect: "says what a checkpoint is, and what is assumed of it"
    case .convert:
      "writes a checkpoint as a .safetensors that describes itself, or as a .pt for PyTorch with a .pt.json beside it"
    case .reproduce: "draws an image again and compares"
    case .show: "prints what an image says of itself"
    case .encode: "writes the noise that pictures are drawn from, by DDIM run backwards"
    case .reconstruct: "encodes pictures, draws them again, and says how far they come out from what they were"
    case .interpolate: "draws what lies between two pictures, or two seeds"
    case .nll: "measures how probable pictures are: the variational bound, in bits per dimension"
    case .run: "draws requests, a line of JSON each, with the model kept loaded, and answers with a line for each"
    case .completions: "prints completions for bash, zsh or fish"
    case .man: "prints the manual page"
    case .train: "trains a diffusion model on a folder of pictures or a .npz"
    }
  }

  /// What can be typed where an operand stands.
  var operandCandidates: Candidates {
    switch self {
    case .draw, .bench, .man, .train: .none
    case .completions: .words(Shell.allCases.map(\.rawValue))
    default: .files
    }
  }
}
