import DiffusionOutput
import Sampling

// Options of the commands that take input images, besides those shared with drawing.

let inversionOptions: [OptionDefinition] = [
  OptionDefinition(
    "class", .required(name: "LIST", example: "7,2"), .drawing, of: CommandName.inversions,
    """
    class of the images: one for all, or one for each, names or numbers; \
    default: the labels of a .npz, else the null class, if the model has one
    """
  ) { o, value, name throws(UsageError) in
    o.request.classes = try list(value, name, example: "7,2").map(ClassSelection.typed)
  },
  OptionDefinition(
    "out", short: "o", .required(name: "FILE", example: "z.npy"), .output, of: [.encode],
    "file to write the noise to, a .npy of float32 [N,C,H,W], for sample --noise; default noise.npy"
  ) { o, value, _ throws(UsageError) in
    let found = try destination(value)
    guard found.format == NPYSink.format else {
      throw UsageError("--out: sample encode writes an array, not \(value); type --out z.npy")
    }
    o.output.destination = found
  },
  OptionDefinition(
    "out", short: "o", .required(name: "PATH", example: "again.png"), .output, of: [.reconstruct],
    """
    also write the reconstructed images: again.png, with --grid for several; \
    'img-%05d.png' or a folder, for one file per image; x.tar; x.npz; x.npy
    """
  ) { o, value, _ throws(UsageError) in o.output.destination = try destination(value) },
  OptionDefinition(
    "seed", .required(name: "A..B", example: "1..2"), .drawing, of: [.interpolate],
    """
    in place of images: interpolate between the first images of these two seeds, as ddim draws them; \
    without --class, all have the class of the first
    """
  ) { o, value, name throws(UsageError) in o.inversion.seeds = try SeedPair(value, name) },
  OptionDefinition(
    "frames", .required(name: "N", example: "8"), .drawing, of: [.interpolate],
    "number of images, including both ends; default 8"
  ) { o, value, name throws(UsageError) in o.inversion.frames = try wholeNumber(value, name, 2...1_000_000) },
  OptionDefinition(
    "class", .required(name: "LIST", example: "7,2"), .measuring, of: [.nll],
    "class of the images: one for all, or one for each, names or numbers; default: the labels of a .npz"
  ) { o, value, name throws(UsageError) in
    o.request.classes = try list(value, name, example: "7,2").map(ClassSelection.typed)
  },
  OptionDefinition(
    "steps", .required(name: "N", example: "250"), .measuring, of: [.nll],
    "evaluate only N steps: faster, but a looser bound; default: all of the model's steps"
  ) { o, value, name throws(UsageError) in o.request.steps = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition("json", .none, .measuring, of: [.nll], "print JSON with the terms of each step, instead of a table")
  {
    o, _, _ throws(UsageError) in o.json = true
  },
  OptionDefinition(
    "out", short: "o", .required(name: "FILE", example: "nll.json"), .measuring, of: [.nll],
    "also write the terms of each step: a .json, or a .csv with a row per image and step"
  ) { o, value, _ throws(UsageError) in o.inversion.report = try ReportDestination(value) },
]
