import DiffusionCore
import DiffusionOutput
import Sampling

/// Where images go, and how they look there.
let outputOptions: [OptionDefinition] = [
  OptionDefinition(
    "out", short: "o", .required(name: "PATH", example: "img.png"), .output, of: [.draw, .interpolate],
    "\(OutputFormat.all.map(\.help).joined(separator: "; ")); - for a PNG to standard output; default sample.png"
  ) { o, value, _ throws(UsageError) in o.output.destination = try destination(value) },
  OptionDefinition(
    "grid", .optionalNumber(name: "COLUMNS"), .output, of: CommandName.drawing,
    "all images on one sheet; default: as square as it can be"
  ) { o, value, name throws(UsageError) in
    o.output.sheet = SheetLayout(columns: value.isEmpty ? nil : try wholeNumber(value, name, 1...100_000))
  },
  OptionDefinition(
    "scale", .required(name: "K", example: "4"), .output, of: CommandName.drawing,
    "enlarge each pixel to K by K, for viewing; default 1"
  ) { o, value, name throws(UsageError) in o.output.scale = try wholeNumber(value, name, 1...1024) },
  OptionDefinition(
    "overwrite", .none, .output, of: CommandName.drawing,
    "replace files that exist, when there is a file for each image"
  ) {
    o, _, _ throws(UsageError) in o.output.overwrite = true
  },
  OptionDefinition(
    "resume", .none, .output,
    "keep the files that are there already and whole, and draw the others: to go on after an interruption"
  ) { o, _, _ throws(UsageError) in o.output.resume = true },
  OptionDefinition(
    "shard", .required(name: "I/N", example: "1/4"), .output,
    "of all images, those of part I of N: for several machines, each with a number of its own"
  ) { o, value, name throws(UsageError) in o.request.shard = try shard(value, name) },
  OptionDefinition(
    "no-metadata", .none, .output, of: CommandName.drawing, "do not write into the images what drew them"
  ) {
    o, _, _ throws(UsageError) in o.output.metadata = false
  },
  OptionDefinition(
    "log", .required(name: "FILE", example: "run.jsonl"), .output,
    "add a line of JSON for each image: file, number, seed, class, time"
  ) { o, value, _ throws(UsageError) in o.output.log = value },
  OptionDefinition(
    "dry-run", .none, .output,
    "draw nothing; print the timesteps, the arithmetic, the memory and the time it would take"
  ) { o, _, _ throws(UsageError) in o.dryRun = true },
  OptionDefinition(
    "stats", .required(name: "FILE", example: "stats.json"), .output,
    "write figures about the run as JSON: times, GFLOP/s, memory, seed; - for standard output"
  ) { o, value, _ throws(UsageError) in o.output.stats = value },
]
