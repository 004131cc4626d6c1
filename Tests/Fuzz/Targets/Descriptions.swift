import DiffusionCheckpoints
import DiffusionCore
import DiffusionModels

/// What stands beside a checkpoint.
let descriptionTargets = [
  // model.pt.json, beside the tensors of the embedded model.
  FuzzTarget("sidecar") { bytes in
    ScratchFolder.write(bytes, as: "model.pt.json")
    let contents = try CheckpointContents(try embeddedState.get(), path: ScratchFolder.file("model.pt"))
    blackHole(try ModelSource(contents).specification.process.betas)
  },
  // unet/config.json and scheduler/scheduler_config.json, with a zero byte between them.
  FuzzTarget("diffusers") { bytes in
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    ScratchFolder.write(Array(parts[0]), as: "unet/config.json")
    ScratchFolder.write(parts.count > 1 ? Array(parts[1]) : [], as: "scheduler/scheduler_config.json")
    let contents = try CheckpointContents(
      try diffusersState.get(), path: ScratchFolder.file("unet/diffusion_pytorch_model.safetensors"))
    blackHole(try ModelSource(contents).specification.process.betas)
  },
]

/// The tensors of the embedded model, without what it says of itself.
private let embeddedState = Result {
  let path = "\(fixture("../../Sources/EmbeddedModel/digits.safetensors"))"
  return try StateDict.read(path: path)
}

/// The tensors of a small model of diffusers.
private let diffusersState = Result {
  try StateDict.read(path: fixture("diffusers/default-like/unet/diffusion_pytorch_model.safetensors"))
}

/// The path of a file among the tests' fixtures.
func fixture(_ name: String) -> String {
  let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  return "/\(tests)/Fixtures/\(name)"
}
