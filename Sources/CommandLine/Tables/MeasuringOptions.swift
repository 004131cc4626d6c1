import DiffusionOutput
import DiffusionTraining

/// What `sample bench` takes.
let measuringOptions: [OptionDefinition] = [
  OptionDefinition(
    "batch", .required(name: "LIST", example: "1,16"), .measuring, of: [.bench],
    "how many images go through the network at a time, one measurement for each number; default 1,16"
  ) { o, value, name throws(UsageError) in
    o.bench.batches = try wholeNumbers(value, name, 1...1_000_000, example: "1,16")
  },
  OptionDefinition(
    "passes", .required(name: "N", example: "20"), .measuring, of: [.bench],
    "passes to time; the median counts; default: as many as two seconds take, but at least 5"
  ) { o, value, name throws(UsageError) in o.bench.passes = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "training", .none, .measuring, of: [.bench],
    "time steps of training rather than forward passes: forward, backward, AdamW and a moving average"
  ) { o, _, _ throws(UsageError) in o.bench.training = true },
  OptionDefinition(
    "use-checkpoint", .boolean, .measuring, of: [.bench],
    "with --training: compute the activations of blocks anew in the backward pass, which takes less memory; default False"
  ) { o, value, name throws(UsageError) in o.bench.useCheckpoint = try truth(value, name) },
  OptionDefinition("layers", .none, .measuring, of: [.bench], "say which layers the time goes to") {
    o, _, _ throws(UsageError) in o.bench.layers = true
  },
  OptionDefinition("json", .none, .measuring, of: [.bench], "print JSON rather than tables") {
    o, _, _ throws(UsageError) in o.json = true
  },
  OptionDefinition(
    "noise", .required(name: "FILE", example: "noise.npy"), .measuring, of: [.bench],
    "what to put through the network, a .npy of float32 [N,C,H,W], in place of drawn noise"
  ) { o, value, _ throws(UsageError) in o.request.noise = value },
  OptionDefinition(
    "out", short: "o", .required(name: "FILE", example: "y.npy"), .measuring, of: [.bench],
    "write what the network puts out, at the middle timestep, for the last batch: a .npy of float32 [N,C,H,W]"
  ) { o, value, _ throws(UsageError) in
    guard try destination(value).format == NPYSink.format else {
      throw UsageError("--out: sample bench writes arrays, not \(value); type --out y.npy")
    }
    o.bench.out = value
  },
]

/// What the verbs about checkpoints take.
let checkpointOptions: [OptionDefinition] = [
  OptionDefinition("json", .none, .converting, of: [.inspect], "print JSON rather than words") {
    o, _, _ throws(UsageError) in o.json = true
  },
  OptionDefinition("half", .none, .converting, of: [.convert], "store float16: half the size, and hardly other images")
  {
    o, _, _ throws(UsageError) in o.half = true
  },
  OptionDefinition("overwrite", .none, .converting, of: [.convert], "replace files that exist") {
    o, _, _ throws(UsageError) in o.output.overwrite = true
  },
]
