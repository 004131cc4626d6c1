import DiffusionOutput
import Sampling

// What the verbs about given pictures take besides options of drawing.

let inversionOptions: [OptionDefinition] = [
  OptionDefinition(
    "class", .required(name: "LIST", example: "7,2"), .drawing, of: CommandName.inversions,
    "what the pictures show: one class for all, or one for each, names or numbers; default: what a .npz says, else none, for which the model must have a null class"
  ) { o, value, name throws(UsageError) in
    o.request.classes = try list(value, name, example: "7,2").map(ClassSelection.typed)
  },
  OptionDefinition(
    "out", short: "o", .required(name: "FILE", example: "z.npy"), .output, of: [.encode],
    "where the noise goes, a .npy of float32 [N,C,H,W], which sample --noise takes; default noise.npy"
  ) { o, value, _ throws(UsageError) in
    let found = try destination(value)
    guard found.format == NPYSink.format else {
      throw UsageError("--out: sample encode writes an array, not \(value); type --out z.npy")
    }
    o.output.destination = found
  },
  OptionDefinition(
    "out", short: "o", .required(name: "PATH", example: "again.png"), .output, of: [.reconstruct],
    "write the pictures too: again.png, with --grid for several; 'img-%05d.png' or a folder, for a file each; x.tar; x.npz; x.npy"
  ) { o, value, _ throws(UsageError) in o.output.destination = try destination(value) },
  OptionDefinition(
    "seed", .required(name: "A..B", example: "1..2"), .drawing, of: [.interpolate],
    "in place of pictures: between the first images of these two seeds, as ddim draws them; their class, if none is given, is that of the first"
  ) { o, value, name throws(UsageError) in o.inversion.seeds = try SeedPair(value, name) },
  OptionDefinition(
    "frames", .required(name: "N", example: "8"), .drawing, of: [.interpolate],
    "how many pictures, the ends included; default 8"
  ) { o, value, name throws(UsageError) in o.inversion.frames = try wholeNumber(value, name, 2...1_000_000) },
  OptionDefinition(
    "class", .required(name: "LIST", example: "7,2"), .measuring, of: [.nll],
    "what the pictures show: one class for all, or one for each, names or numbers; default: what a .npz says"
  ) { o, value, name throws(UsageError) in
    o.request.classes = try list(value, name, example: "7,2").map(ClassSelection.typed)
  },
  OptionDefinition(
    "steps", .required(name: "N", example: "250"), .measuring, of: [.nll],
    "take so many steps of the process, for a looser bound in less time; default: all of the model's"
  ) { o, value, name throws(UsageError) in o.request.steps = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition("json", .none, .measuring, of: [.nll], "print JSON rather than a table, with the terms of each step")
  {
    o, _, _ throws(UsageError) in o.json = true
  },
  OptionDefinition(
    "out", short: "o", .required(name: "FILE", example: "nll.json"), .measuring, of: [.nll],
    "write the terms of each step too: a .json, or a .csv of a row for each picture and step"
  ) { o, value, _ throws(UsageError) in o.inversion.report = try ReportDestination(value) },
]
