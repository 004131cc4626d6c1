import DiffusionCore
import DiffusionOutput
import Sampling

/// Where images go and how they are presented.
let outputOptions: [OptionDefinition] = [
  OptionDefinition(
    "out", short: "o", .required(name: "PATH", example: "img.png"), .output, of: [.draw, .interpolate],
    "\(OutputFormat.all.map(\.help).joined(separator: "; ")); - for a PNG on standard output; default sample.png"
  ) { o, value, _ throws(UsageError) in o.output.destination = try destination(value) },
  OptionDefinition(
    "grid", .optionalNumber(name: "COLUMNS"), .output, of: CommandName.drawing,
    "put all images on one sheet; default: as square as possible"
  ) { o, value, name throws(UsageError) in
    o.output.sheet = SheetLayout(
      columns: value.isEmpty ? nil : try wholeNumber(value, name, SheetLayout.columnsAllowed))
  },
  OptionDefinition(
    "scale", .required(name: "K", example: "4"), .output, of: CommandName.drawing,
    "enlarge each pixel to K by K; default 1"
  ) { o, value, name throws(UsageError) in o.output.scale = try wholeNumber(value, name, 1...1024) },
  OptionDefinition(
    "bits", .required(name: "N", example: "16"), .output, of: CommandName.drawing,
    "bits of each sample of a PNG, 8 or 16; default 8"
  ) { o, value, name throws(UsageError) in
    guard value == "8" || value == "16" else {
      throw UsageError("--\(name): \"\(value)\" is neither 8 nor 16; type --\(name) 16, or leave it out")
    }
    o.output.bits = value == "16" ? 16 : 8
  },
  OptionDefinition(
    "overwrite", .none, .output, of: CommandName.drawing.union([.encode, .nll, .bench]),
    "replace files that are there already, as a single picture always is"
  ) {
    o, _, _ throws(UsageError) in o.output.overwrite = true
  },
  OptionDefinition(
    "resume", .none, .output,
    """
    with one file per image, or an archive: continue after an interruption, keeping what is finished and drawing the \
    rest, with the seed that the files tell
    """
  ) { o, _, _ throws(UsageError) in o.output.resume = true },
  OptionDefinition(
    "shard", .required(name: "I/N", example: "1/4"), .output,
    "draw only part I of N of the images, to spread a run over several machines; all parts need the same --seed"
  ) { o, value, name throws(UsageError) in o.request.shard = try shard(value, name) },
  OptionDefinition(
    "no-metadata", .none, .output, of: CommandName.drawing, "do not record in the images how they were drawn"
  ) {
    o, _, _ throws(UsageError) in o.output.metadata = false
  },
  OptionDefinition(
    "log", .required(name: "FILE", example: "run.jsonl"), .output,
    "write a line of JSON for each image: file, number, seed, class, time; - for standard output"
  ) { o, value, _ throws(UsageError) in o.output.log = value },
  OptionDefinition(
    "dry-run", .none, .output,
    "draw nothing; print the timesteps, and estimates of FLOP, memory and time"
  ) { o, _, _ throws(UsageError) in o.dryRun = true },
  OptionDefinition(
    "stats", .required(name: "FILE", example: "stats.json"), .output,
    "write statistics of the run as JSON: times, GFLOP/s, memory, seed; - for standard output"
  ) { o, value, _ throws(UsageError) in o.output.stats = value },
]
