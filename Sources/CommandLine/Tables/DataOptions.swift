import DiffusionImages
import DiffusionTraining

/// Options of `train` for how data is read.
let dataOptions: [OptionDefinition] = [
  OptionDefinition(
    "skip-bad", .boolean, .training, of: [.train],
    "go on without pictures that cannot be read, instead of refusing to start; default False"
  ) { o, value, name throws(UsageError) in o.training.skipsBad = try truth(value, name) },
  OptionDefinition(
    "background", .required(name: "COLOUR", example: "white"), .training, of: [.train],
    words: ["black", "white", "grey"],
    "what transparent pixels are laid over: black, the default, white, grey, or six hexadecimal digits (ff8000)"
  ) { o, value, name throws(UsageError) in
    guard let colour = Background(value) else {
      throw UsageError("--\(name): \"\(value)\" is no colour; type for instance --\(name) white, or --\(name) ff8000")
    }
    o.training.background = colour
  },
  OptionDefinition(
    "classes-from", .required(name: "WHAT", example: "folders"), .training, of: [.train],
    words: ClassSource.allCases.map(\.rawValue),
    """
    what names a picture's class: names (what stands before the first _ in the file's name) or folders (the \
    innermost); default: names if all files have such a prefix and prefixes repeat across folders, otherwise folders
    """
  ) { o, value, name throws(UsageError) in o.training.classSource = try choice(value, name) },
  OptionDefinition(
    "dry-run", .none, .training, of: [.train],
    "look at the data and measure a step; print memory, time, classes and what would be cut or left out; write nothing"
  ) { o, _, _ throws(UsageError) in o.dryRun = true },
]
