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
    "overwrite", .none, .output, of: CommandName.drawing,
    "with one file per image: replace existing files"
  ) {
    o, _, _ throws(UsageError) in o.output.overwrite = true
  },
  OptionDefinition(
    "resume", .none, .output,
    "with one file per image: continue after an interruption, keeping intact files and drawing the rest"
  ) { o, _, _ throws(UsageError) in o.output.resume = true },
  OptionDefinition(
    "shard", .required(name: "I/N", example: "1/4"), .output,
    "draw only part I of N of the images, to spread a run over several machines"
  ) { o, value, name throws(UsageError) in o.request.shard = try shard(value, name) },
  OptionDefinition(
    "no-metadata", .none, .output, of: CommandName.drawing, "do not record in the images how they were drawn"
  ) {
    o, _, _ throws(UsageError) in o.output.metadata = false
  },
  OptionDefinition(
    "log", .required(name: "FILE", example: "run.jsonl"), .output,
    "append a line of JSON for each image: file, number, seed, class, time"
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
