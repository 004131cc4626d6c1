import DiffusionCore

extension CommandName {
  /// The command with its operands: `sample inspect FILE`.
  var usage: String { ([shown(self)] + operands).joined(separator: " ") }

  /// What the command does: continues the sentence that `usage` begins.
  var summary: String {
    switch self {
    case .draw: "draws images with a diffusion model"
    case .bench: "measures how long a forward pass takes"
    case .inspect: "describes a checkpoint: what its tensors show, and what is assumed"
    case .convert:
      """
      converts a checkpoint to a self-describing .safetensors, to a .pt for PyTorch with its description in a \
      .pt.json, or to a folder for diffusers
      """
    case .reproduce: "draws an image again from its metadata, and compares the pixels"
    case .show: "prints an image's metadata, and the command that draws it again"
    case .encode: "encodes images to the noise that draws them, by DDIM inversion"
    case .reconstruct: "encodes images, draws them again, and prints the reconstruction errors"
    case .interpolate: "interpolates between two images, or between two seeds"
    case .nll: "measures the likelihood of images: the variational bound, in bits per dimension"
    case .score:
      """
      measures how good pictures are: FID, sFID, KID, Inception Score, precision and recall. PICTURES are a folder of \
      PNGs and JPEGs, a .tar of such, a .npz or a .npy; in their place, a model draws some (--count, with --model or \
      the embedded one)
      """
    case .run:
      """
      draws requests, one line of JSON each, keeping the model loaded, and answers each with a line of JSON; the keys \
      are the names of the options of sample --help, with underscores, as Documentation/sample.docc/RequestsInJSON.md \
      describes them
      """
    case .completions: "prints completions for bash, zsh or fish"
    case .man: "prints the manual page"
    case .train: "trains a diffusion model on a folder of PNGs and JPEGs, or a .npz"
    }
  }

  /// How to complete an operand.
  var operandCandidates: Candidates {
    switch self {
    case .draw, .bench, .man, .train: .none
    case .completions: .words(Shell.allCases.map(\.rawValue))
    default: .files
    }
  }
}
