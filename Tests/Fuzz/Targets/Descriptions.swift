import DiffusionCommandLine
import DiffusionCore
import DiffusionModels
import TensorCore

@testable import DiffusionCheckpoints
@testable import sample

/// What stands beside a checkpoint.
let descriptionTargets = [
  // model.pt.json, beside the tensors of the embedded model.
  FuzzTarget("sidecar") { bytes in
    let description = try ModelDescription(json: String(decoding: bytes, as: UTF8.self), file: "model.pt.json")
    let described = DescribedModel(description: description, file: "model.pt.json")
    let settings = try ModelSettings(
      try embeddedArchitecture.get(), described: described, isDiffusers: false, flags: ModelFlags(), name: "model.pt")
    blackHole(settings.betas)
  },
  // unet/config.json and scheduler/scheduler_config.json, with a zero byte between them.
  FuzzTarget("diffusers") { bytes in
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    ScratchFolder.write(Array(parts[0]), as: "unet/config.json")
    ScratchFolder.write(parts.count > 1 ? Array(parts[1]) : [], as: "scheduler/scheduler_config.json")
    let checkpoint = try LoadedCheckpoint(
      try diffusersState.get(), path: ScratchFolder.file("unet/diffusion_pytorch_model.safetensors"))
    let settings = try ModelSettings(
      try Architecture(checkpoint.state.shapes), described: checkpoint.described, isDiffusers: true,
      flags: ModelFlags(), name: "model")
    blackHole(settings.betas)
  },
]

/// The tensors of the embedded model.
private let embeddedArchitecture = Result {
  try Architecture(try ModelSource(path: nil, flags: ModelFlags()).checkpoint.state.shapes)
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
