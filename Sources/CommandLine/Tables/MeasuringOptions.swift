import DiffusionOutput
import DiffusionTraining

/// Options of `sample bench`.
let measuringOptions: [OptionDefinition] = [
  OptionDefinition(
    "batch", .required(name: "LIST", example: "1,16"), .measuring, of: [.bench],
    "batch sizes to measure; default 1,16"
  ) { o, value, name throws(UsageError) in
    o.bench.batches = try wholeNumbers(value, name, 1...1_000_000, example: "1,16")
  },
  OptionDefinition(
    "passes", .required(name: "N", example: "20"), .measuring, of: [.bench],
    "number of passes to time, of which the median is printed; default: two seconds' worth, at least 5"
  ) { o, value, name throws(UsageError) in o.bench.passes = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "training", .none, .measuring, of: [.bench],
    "time training steps instead of forward passes: forward, backward, AdamW and a moving average"
  ) { o, _, _ throws(UsageError) in o.bench.training = true },
  OptionDefinition(
    "use-checkpoint", .boolean, .measuring, of: [.bench],
    """
    with --training: recompute activations in the backward pass (gradient checkpointing), \
    which takes less memory; default False
    """
  ) { o, value, name throws(UsageError) in o.bench.useCheckpoint = try truth(value, name) },
  OptionDefinition("layers", .none, .measuring, of: [.bench], "print the time per layer") {
    o, _, _ throws(UsageError) in o.bench.layers = true
  },
  OptionDefinition("json", .none, .measuring, of: [.bench], "print JSON instead of tables") {
    o, _, _ throws(UsageError) in o.json = true
  },
  OptionDefinition(
    "noise", .required(name: "FILE", example: "noise.npy"), .measuring, of: [.bench],
    "input of the network, a .npy of float32 [N,C,H,W], instead of random noise"
  ) { o, value, _ throws(UsageError) in o.request.noise = value },
  OptionDefinition(
    "out", short: "o", .required(name: "FILE", example: "y.npy"), .measuring, of: [.bench],
    "write the network's output for the last batch, at the middle timestep: a .npy of float32 [N,C,H,W]"
  ) { o, value, _ throws(UsageError) in
    guard try destination(value).format == NPYSink.format else {
      throw UsageError("--out: sample bench writes arrays, not \(value); type --out y.npy")
    }
    o.bench.out = value
  },
]

/// Options of the commands for checkpoints.
let checkpointOptions: [OptionDefinition] = [
  OptionDefinition("json", .none, .converting, of: [.inspect], "print JSON instead of text") {
    o, _, _ throws(UsageError) in o.json = true
  },
  OptionDefinition(
    "half", .none, .converting, of: [.convert],
    """
    store weights as float16: half the size, and hardly any effect on the images
    """
  ) {
    o, _, _ throws(UsageError) in o.half = true
  },
  OptionDefinition("overwrite", .none, .converting, of: [.convert], "replace existing files") {
    o, _, _ throws(UsageError) in o.output.overwrite = true
  },
]
